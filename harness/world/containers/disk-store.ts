import type { DiskChange } from "../run-world.ts";
import type { DiskFault, Effects } from "../world.ts";

/** A change with the bytes that the disk holds there now; `undefined` if all of them are zero. */
export interface StoredChange extends DiskChange {
  readonly disk: string;
  readonly data: Uint8Array | undefined;
}

/** All that changed since the last look, as of one moment for all disks. */
export interface DiskLook {
  readonly changes: readonly StoredChange[];
  /** By disk: writes, trims and flushes so far. */
  readonly writes: ReadonlyMap<string, number>;
  /** Systems without power: it goes with a torn write, too. */
  readonly off: ReadonlySet<string>;
}

/** Where the disks of all systems of a world are: they outlive every program, and know every fault. */
export interface DiskStore {
  /** As an engine inside the network opens it: `nbd://HOST:PORT/NAME`. */
  urlOf(disk: string): string;
  look(): Promise<DiskLook>;
  inject(disk: string, fault: DiskFault): Promise<StoredFault>;
  /** Power is lost for all disks of the system at once, if it was not yet: nobody is answered until {@link powerOn}. */
  powerLoss(system: string): Promise<void>;
  powerOn(system: string): Promise<void>;
}

export interface StoredFault {
  /** @returns the effects */
  heal(): Promise<Effects>;
  effects(): Promise<Effects>;
}
