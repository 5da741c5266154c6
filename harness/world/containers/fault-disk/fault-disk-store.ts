import type { DiskFault } from "../../world.ts";
import type { DiskLook, DiskStore, StoredFault } from "../disk-store.ts";
import type { DiskSpec } from "./fault-disk.ts";
import type { RunningFaultDisk } from "./start-fault-disk.ts";

/** The disks of a world in their container. */
export class FaultDiskStore implements DiskStore {
  readonly #disk: RunningFaultDisk;
  /** By disk: the port of its group. */
  readonly #ports = new Map<string, number>();
  readonly #writes = new Map<string, number>();
  #last = 0;

  private constructor(disk: RunningFaultDisk) {
    this.#disk = disk;
  }

  /** Makes the disks. @throws ContainerError */
  static async create(disk: RunningFaultDisk, specs: readonly DiskSpec[]): Promise<FaultDiskStore> {
    const store = new FaultDiskStore(disk);
    // What happened to the disks of earlier worlds is no affair of this one.
    store.#last = (await disk.client.events(Number.MAX_SAFE_INTEGER, 0)).last;
    for (const spec of specs) store.#ports.set(spec.name, await disk.client.create(spec));
    return store;
  }

  urlOf(disk: string): string {
    return `nbd://${this.#disk.container.address}:${this.#ports.get(disk) ?? 0}/${disk}`;
  }

  async look(): Promise<DiskLook> {
    const { last, changes, writes, off } = await this.#disk.client.look(this.#last);
    this.#last = last;
    for (const [disk, count] of Object.entries(writes)) this.#writes.set(disk, (this.#writes.get(disk) ?? 0) + count);
    return { changes, writes: this.#writes, off: new Set(off) };
  }

  async inject(disk: string, fault: DiskFault): Promise<StoredFault> {
    const { client } = this.#disk;
    const { faultId } = await client.inject(disk, fault);
    return {
      heal: async () => ({ ...(await client.heal(disk, faultId)) }),
      effects: async () => ({ ...(await client.effects(disk, faultId)) }),
    };
  }

  powerLoss(system: string): Promise<void> {
    return this.#disk.client.powerOff(system);
  }

  powerOn(system: string): Promise<void> {
    return this.#disk.client.powerOn(system);
  }
}
