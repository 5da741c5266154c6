import type {
  ImageReport,
  JournalReport,
  PairReport,
  SystemConfig,
  SystemPorts,
} from "../../engine/controller/index.ts";
import type { Capability } from "./capability.ts";

// What a system is told, what it runs on and what it tells: plain data and ports, for any engine.
export type { ImageReport, JournalReport, PairReport, SystemConfig, SystemPorts };
/** The four statuses of a pair (BR-2). */
export type PairStatus = PairReport["status"];

/**
 * A replication engine under test, as the simulated world has it: in this process, on ports of ours. One that runs as
 * programs of its own is an `OutsideTarget`. Both have {@link TargetSystem}s.
 */
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
  /**
   * Where `pending` cannot be told at once: what the pair held for pending soon after this incarnation said that it is
   * suspended; `undefined` before.
   */
  pendingOfSuspended?(pair: string): PendingView | undefined;
  /** Every image that is configured here; a snapshot of plain data. */
  images(): readonly ImageReport[];
  /** The image of a volume as a read-only device. @throws HostError REFUSED if there is none now. */
  image(volume: string): HostDevice;
  /** Every journal here; a snapshot of plain data. */
  journals(): readonly JournalReport[];
  /** Restores, recoveries and rollbacks that run here. */
  restores(): readonly RestoreReport[];
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
      /** What remembers updates durably (LS-3); `bitmap` without. */
      readonly tracker?: "bitmap" | "lsn";
    }
  /** Makes a local mirror and starts the initial copy (BR-5). */
  | { readonly kind: "create-local"; readonly pair: string; readonly volume: string; readonly mirrorVolume: string }
  /** Suspends the mirror; with `read-write` hosts may also write to the secondary, once it has heard of it. */
  | { readonly kind: "split"; readonly pair: string; readonly secondary: "read-only" | "read-write" }
  /** Without a direction: primary to secondary, and refused if the histories diverged without a split. */
  | { readonly kind: "resync"; readonly pair: string; readonly direction?: "forward" | "reverse" }
  /** Makes the secondary the primary while the other is gone. Given at the secondary. */
  | { readonly kind: "takeover"; readonly pair: string }
  /** Swaps the roles of a DUPLEX pair, nothing lost. */
  | { readonly kind: "failback"; readonly pair: string }
  /**
   * Forgets a mirror that is SPLIT; its volumes stay as they are. `here`: by this end alone, while the other one is gone
   * or does not know the pair either.
   */
  | { readonly kind: "delete"; readonly pair: string; readonly scope: "both" | "here" }
  /**
   * Splits the local mirrors `mirrors` at one moment (BR-6, BR-8), that of the command. `pairs` are the
   * remote mirrors through which the data comes, all over one link; none if hosts write here.
   */
  | { readonly kind: "backup"; readonly pairs: readonly string[]; readonly mirrors: readonly string[] }
  /**
   * The primary volume of a local mirror gets the mirror's content at once, and is used meanwhile
   * (CR-2). `changed`: only the tracks that differ; `all`: every track is copied.
   */
  | { readonly kind: "restore"; readonly pair: string; readonly scope: "changed" | "all" }
  /** The volume gets the content of its image (LS-8). */
  | { readonly kind: "rollback"; readonly volume: string }
  /** The volume gets the content of an earlier moment (JR-4), or is exchanged for its base (JR-6). */
  | {
      readonly kind: "recover";
      readonly volume: string;
      readonly to: { readonly lsn: number } | { readonly timeUs: number };
      readonly method: "apply" | "swap";
    }
  /** The same for all volumes of a group of journals, to one moment; all of them or none (JR-2). `volumes` are they. */
  | {
      readonly kind: "recover-group";
      readonly group: string;
      readonly volumes: readonly string[];
      readonly to: { readonly volume: string; readonly lsn: number } | { readonly timeUs: number };
      readonly method: "apply" | "swap";
    };

/** A command that was refused; `code` is the engine's own, e.g. `DIVERGED`. */
export class AdminError extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(`${code}: ${message}`);
    this.name = "AdminError";
    this.code = code;
  }
}

/** A volume that is taking over other content; a host sees that content already. */
export interface RestoreReport {
  readonly volume: string;
  readonly from: "mirror" | "image" | "journal";
  /** Identifies the restore among those of the volume that are {@link from} the same kind of source. */
  readonly id: number;
  readonly doneTracks: number;
  readonly totalTracks: number;
  /** Tracks whose content has not been brought yet. */
  readonly left: PendingView;
  /** Tracks that hosts changed since the command (CR-5). */
  readonly altered: PendingView;
}
