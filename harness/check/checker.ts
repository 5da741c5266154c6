import type { BlockBlame, Failure, Invariant, Verdict } from "../history/run-record.ts";
import type { AdminCommand, HostErrorCode, TargetSystem } from "../target/target.ts";
import type { DiskChange } from "../world/run-world.ts";
import type { CrashKind } from "../world/world.ts";
import { MirrorChecker } from "./mirror-checker.ts";

/** A volume is named with its system everywhere in this folder: `a/pvol`. */
export type VolumeKey = string;

/** A disk as the checker sees it: what it holds now, without time passing. */
export interface CheckedDisk {
  /** The volume that lies on it, e.g. `a/pvol`. */
  readonly volume: VolumeKey;
  readonly sizeBytes: number;
  /** The system keeps something of its own on it: what changes there is nothing that a host wrote. */
  readonly reserved?: boolean;
  /** Present content; may be a view of live memory. Ranges are whole sectors. */
  peek(offsetBytes: number, lengthBytes: number): Uint8Array;
  /** Ranges outside which the disk is all zeros, rising and apart; the whole disk without. */
  allocatedRanges?(): Iterable<{ readonly offsetBytes: number; readonly lengthBytes: number }>;
  /** What the injected disk fault that damaged this sector is called; `undefined` if none did. */
  faultAt?(offsetBytes: number): string | undefined;
}

/** Two mirrored volumes. `primary` is the side that is primary first; roles may swap later. */
export interface CheckedPair {
  readonly name: string;
  /** Pairs of one link are one consistency group; a local mirror is one by itself. */
  readonly link: string;
  readonly mode: "sync" | "async";
  readonly trackBytes: number;
  readonly primary: VolumeKey;
  readonly secondary: VolumeKey;
}

/** A volume with a journal, and the volume that its disk may be exchanged for. */
export interface CheckedJournal {
  readonly volume: VolumeKey;
  readonly base: VolumeKey;
}

export type LiveSystem = Pick<TargetSystem, "pairs" | "pending" | "images" | "journals" | "restores"> & {
  /** The {@link Checker.moment} at which it said so, if that was a while ago. */
  readonly saidAt?: number;
};

export interface CheckerConfig {
  readonly disks: readonly CheckedDisk[];
  readonly pairs: readonly CheckedPair[];
  /** Volumes of which images are kept. */
  readonly images?: readonly VolumeKey[];
  readonly journals?: readonly CheckedJournal[];
  /** The incarnation of a system that serves now; `undefined` while it is down or not ready yet. */
  readonly live: (system: string) => LiveSystem | undefined;
  /**
   * Of a world that is looked at now and then: the {@link Checker.moment} since which what the systems say is so. Then
   * a command is carried out at some moment between those at which it was given and answered. Without: they say how
   * they are, and a command is carried out when it is given.
   */
  readonly saidSince?: () => number;
  readonly nowNs: () => number;
}

/** A range of a host request, in whole sectors. */
export interface HostRange {
  /** Which host, for blame. */
  readonly host: string;
  readonly volume: VolumeKey;
  readonly offsetBytes: number;
  readonly lengthBytes: number;
}

export interface HostWrite {
  readonly host: string;
  readonly volume: VolumeKey;
  readonly offsetBytes: number;
  /** Read before the call returns, not kept. */
  readonly data: Uint8Array;
  readonly fua?: boolean;
}

/** A part of a volume's image, as its system gave it. */
export interface ImageRead {
  readonly volume: VolumeKey;
  /** Which image it is of, as reported when the read began. */
  readonly moment: number;
  readonly offsetBytes: number;
  /** Read before the call returns, not kept. */
  readonly data: Uint8Array;
}

/** What one end of a pair lacks of what hosts at the other were told is written. */
export interface AcknowledgedLoss {
  readonly sectorCount: number;
  /** When the oldest of those writes was asked for; 0 if there are none. */
  readonly oldestNs: number;
}

export interface CheckResult {
  /** `NOT_APPLICABLE` where nothing in the run could be judged by it. */
  readonly invariants: Readonly<Partial<Record<Invariant, Verdict>>>;
  readonly checks: Readonly<Partial<Record<Invariant, number>>>;
  readonly failures: readonly Failure[];
}

/**
 * The byte-exact reference model and the invariants of rule 9. The runner tells it, in order, what
 * hosts asked and were answered and what became of systems, links and disks; it finds the rest out.
 *
 * Requests return an operation number, which their answer names. Order of the calls is the only
 * time that is compared; `nowNs` goes into the text of failures.
 */
export interface Checker {
  /** Before the request reaches the target. */
  write(request: HostWrite): number;
  trim(request: HostRange): number;
  writeZeroes(request: HostRange): number;
  flush(request: { readonly host: string; readonly volume: VolumeKey }): number;
  read(request: HostRange): number;
  /**
   * A write, trim, write of zeroes or flush was acknowledged to the host.
   * @param at the {@link moment} of the answer, if it is told later
   */
  acknowledged(operation: number, at?: number): void;
  /** A read was answered with these bytes. */
  readDone(operation: number, data: Uint8Array, at?: number): void;
  /**
   * Any request was answered by an error; `GONE` as soon as its system died.
   * @param isTold the host was told that it is done, and that is no measure of what the disks hold; false without
   */
  failed(operation: number, code: HostErrorCode, at?: number, isTold?: boolean): void;
  /** Now, for an answer that is to be told later. */
  moment(): number;

  /** A data disk changed; wire it to `onChange` of every disk of the configuration. */
  diskChanged(volume: VolumeKey, change: DiskChange): void;
  /** Before the crash touches disks. Requests still open there are to be failed with `GONE`. */
  systemDown(system: string, kind: CrashKind): void;
  /** The new incarnation is ready, and `live` gives it. Also at the first start. */
  systemUp(system: string): void;
  /** Before a link is cut (any fault that may end its connections), and after it is healed. */
  linkCut(link: string): void;
  linkHealed(link: string): void;

  /** Before the command is given; then exactly one of the two. */
  adminIssued(system: string, command: AdminCommand): number;
  /**
   * @param known false if nobody knows whether it was carried out; true without
   * @param at the {@link moment} of the answer, if it is told later
   */
  adminDone(command: number, known?: boolean, at?: number): void;
  adminRefused(command: number): void;

  imageRead(read: ImageRead): void;
  /** This moment of the volume, which its system, or its watch while it is down, calls `timeUs`, may be asked for by a recovery. */
  mark(volume: VolumeKey, timeUs: number): void;

  /** The status of pairs may have changed: at every Log record of a target, for instance. Cheap. */
  observe(): void;
  /** Evaluates all that can be judged at any moment. */
  checkpoint(): void;
  /** No request is in flight and nothing is left to do: judges C for every pair that is DUPLEX. */
  quiet(): void;
  /** L: whether all that should became quiet within the bound; `waitingFor` says what did not. */
  live(converged: boolean, waitingFor: string): void;
  /** The last evaluation, once, while the last incarnations are still there. */
  finish(): CheckResult;
  /** What was found so far, without a further evaluation. */
  soFar(): CheckResult;
  /**
   * What the secondary of a pair lacks now of what hosts at its primary were told is written. Each write is told once.
   * @param until of what they were told up to this {@link moment}; up to now without
   * @returns `undefined` if nobody knows: its disk, or what hosts were told by then, was not looked at since
   */
  lost(pair: string, until?: number): AcknowledgedLoss | undefined;
  /** What `b/svol` differs in from what it should hold, for the failure of an expectation. */
  blame(pair: string): readonly BlockBlame[];
}

/** @throws Error for a configuration that names a volume that no disk has: a bug of the caller. */
export function createChecker(config: CheckerConfig): Checker {
  return new MirrorChecker(config);
}
