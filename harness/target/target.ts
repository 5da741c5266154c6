import type { SystemConfig, SystemPorts } from "../../engine/controller/index.ts";

// What a system is told and what it runs on: plain data and ports, which any engine can be given.
export type { SystemConfig, SystemPorts };

/** What a target can do; a scenario that needs more is NOT_APPLICABLE. */
export type Capability = "sync" | "async" | "split" | "resync-reverse" | "takeover" | "failback" | "pending-bitmap";

/** A replication engine under test (HX-10). Everything the harness does to it goes through here. */
export interface Target {
  readonly name: string;
  /** Identifies the build; part of every replay token (rule 12). */
  readonly digest: string;
  readonly capabilities: ReadonlySet<Capability>;
  /** Starts one system, at first or after a crash on the same disks. */
  start(config: SystemConfig, ports: SystemPorts): TargetSystem;
}

/** One running incarnation of a system. */
export interface TargetSystem {
  /** Settles when hosts and administrators can be served. @throws if the system cannot start. */
  readonly ready: Promise<void>;
  /** Settles only if the program gives up by itself: an assertion of its own failed. */
  readonly failed: Promise<Error>;
  /** A host's view of a volume. */
  device(volume: string): HostDevice;
  /** @throws AdminError: the command was refused and changed nothing. */
  admin(command: AdminCommand): Promise<void>;
  /** Every pair that this system knows, by name; a snapshot of plain data. */
  pairs(): readonly PairReport[];
  /**
   * Tracks that the other side may lack, as this side knows: pending or in flight. `undefined` if
   * the pair is unknown here. Cheap: called at every write by the invariant checks.
   */
  pending(pair: string): PendingView | undefined;
}

export interface PendingView {
  readonly trackBytes: number;
  has(trackIndex: number): boolean;
}

/** A block device as a host sees it. Ranges are multiples of 512 bytes. @throws HostError */
export interface HostDevice {
  readonly sizeBytes: number;
  read(offsetBytes: number, lengthBytes: number): Promise<Uint8Array>;
  write(offsetBytes: number, data: Uint8Array, options?: { readonly fua?: boolean }): Promise<void>;
  flush(): Promise<void>;
  trim(offsetBytes: number, lengthBytes: number): Promise<void>;
  writeZeroes(offsetBytes: number, lengthBytes: number): Promise<void>;
}

/**
 * EIO: the device failed, the range may hold old or new. REFUSED: nothing was written (read-only,
 * no access, not ready). GONE: the system died with the request; nobody knows.
 */
export type HostErrorCode = "EIO" | "ENOSPC" | "REFUSED" | "GONE";

export class HostError extends Error {
  readonly code: HostErrorCode;

  constructor(code: HostErrorCode, message: string) {
    super(`${code}: ${message}`);
    this.name = "HostError";
    this.code = code;
  }
}

/** Commands may be given at either end of a pair (BR-12). */
export type AdminCommand =
  /** Makes the pair and starts the initial copy. Given at the primary. */
  | {
      readonly kind: "create";
      readonly pair: string;
      readonly volume: string;
      readonly link: string;
      readonly peerVolume: string;
      readonly mode: "sync" | "async";
    }
  /** Suspends the mirror; with `read-write` hosts may also write to the secondary. */
  | { readonly kind: "split"; readonly pair: string; readonly secondary: "read-only" | "read-write" }
  /** Without a direction: primary to secondary, and refused if the histories diverged without a split. */
  | { readonly kind: "resync"; readonly pair: string; readonly direction?: "forward" | "reverse" }
  /** Makes the secondary the primary while the other is gone. Given at the secondary. */
  | { readonly kind: "takeover"; readonly pair: string }
  /** Swaps the roles of a DUPLEX pair, nothing lost. */
  | { readonly kind: "failback"; readonly pair: string };

/** A command that was refused; `code` is the engine's own, e.g. `DIVERGED`. */
export class AdminError extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(`${code}: ${message}`);
    this.name = "AdminError";
    this.code = code;
  }
}

/** The four statuses of a pair (BR-2). */
export type PairStatus = "SIMPLEX" | "COPY" | "DUPLEX" | "SPLIT";

export interface PairReport {
  readonly pair: string;
  readonly volume: string;
  readonly role: "primary" | "secondary";
  readonly status: PairStatus;
  /** Why it is SPLIT: `operator`, `link`, `crash`, `error`, `takeover`, `diverged`; "" otherwise. */
  readonly suspension: string;
  /** False on the side being overwritten by a resync: its content is no moment of any history. */
  readonly consistent: boolean;
  readonly connected: boolean;
  /** Identifies the data history, for people. */
  readonly generation: string;
  readonly pendingTracks: number;
  /** Tracks copied and to copy of the resync that runs; `undefined` if none runs from this side. */
  readonly progress?: { readonly done: number; readonly total: number };
}
