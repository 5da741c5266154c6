import type { StepFields } from "../../engine/ports/index.ts";
import type { Expectation } from "../plan/expectation.ts";
import type { TargetSystem } from "../target/target.ts";
import type { CrashKind, World, WorldLink, WorldSystem } from "./world.ts";

/**
 * What taking the steps of a plan needs of a world, beside what faults need. Both worlds implement it, so
 * that one interpreter, one host and one checker serve both.
 */
export interface RunWorld extends World {
  readonly systems: readonly RunSystem[];
  /** The slowest flush of one of its disks when nothing is wrong with it; undefined where nobody can say. */
  readonly flushNsMax: number | undefined;
  /** By kind of expectation: why its measure cannot be taken in this world. */
  readonly unmeasured: ReadonlyMap<Expectation["kind"], string>;
  /** Starts every system; settles when all serve. */
  start(): Promise<void>;
  /** Settles when all that was injected and healed so far has been done; undefined where it is done at once. */
  settled(): Promise<void> | undefined;
  /** Calls back after `delayNs`, whatever happens to systems; the function returned cancels it. */
  after(delayNs: number, callback: () => void): () => void;
  system(name: string): RunSystem;
  /** The system on which the volume lies. */
  systemOfVolume(volume: string): RunSystem;
  link(name: string): RunLink;
  /** What the disk of a volume, or `<system>/meta`, holds as far as the world has looked. */
  view(disk: string): DiskView;
  /** The kind of the disk fault because of which this sector does not hold what it should. */
  faultAt(disk: string, offsetBytes: number): string | undefined;
  /** Calls `listener` after every visible change of the disk, as far as the world looks. */
  onChange(disk: string, listener: (change: DiskChange) => void): void;
  /** Calls `listener` when a request of the disk begins, of reads where they are seen; the function returned ends that. */
  onDiskRequest(disk: string, listener: (request: DiskRequestNotice) => void): () => void;
  /**
   * What a loss of power at this moment could take from the disk, or leave on it, sector by sector; nothing where
   * nobody can tell.
   *
   * @param idOf gives a number to the content of a sector, the same only to the same
   */
  unflushed(disk: string, idOf: (bytes: Uint8Array) => number): readonly UnflushedSector[];
  /** The machine of the volume's host, which outlives the storage system that it uses. */
  host(volume: string): HostStation;
}

export interface RunSystem extends WorldSystem {
  /** The program, while it serves hosts and administrators. */
  readonly serving: TargetSystem | undefined;
  /** What the watch of its machine shows, whether it runs or not: microseconds since 1970. */
  watchUs(): number;
  /** Settles when the system serves: at once, or after a later start. */
  whenServing(): Promise<void>;
  /** Calls `listener` if the present incarnation dies; the function returned ends that. */
  onDown(listener: () => void): () => void;
  /** Calls `listener` at every write of the program to a link; the function returned ends that. */
  onSent(listener: (link: string, sent: SentBytes) => void): () => void;
  /**
   * Calls `body` in the time of the present incarnation: at once if it runs, after a pause if it is
   * paused, never if it dies before.
   */
  request(name: string, body: () => void): void;
  /** Puts something that the harness got from the program into the history of the run. */
  note(kind: "host.image", offsetBytes: number, lengthBytes: number, contentHash: number): void;
}

/** What begins; undefined where it cannot be told from outside. */
export type DiskRequestNotice = "read" | "write" | "trim" | "flush" | undefined;

/** A sector that has a version which is not durable. */
export interface UnflushedSector {
  readonly sectorIndex: number;
  /** The content that is left if no version survives. */
  readonly durable: number;
  /** Oldest first; those of requests in flight are among them. `latest` as in {@link Unflushed}. */
  readonly versions: readonly { readonly latest: number; readonly content: number }[];
}

/** One write to a link. */
export interface SentBytes {
  readonly lengthBytes: number;
  /** Bytes of this write and of those before it that have not come to the link's proxy yet. */
  readonly underwayBytes: number;
  /** Another number for each connection. */
  readonly connection: number;
}

export interface RunLink extends WorldLink {
  /** Bytes that came out of the link so far, both ways, all connections together. */
  readonly carriedBytes: number;
}

/** What can be looked at without time passing: a disk, or a part of one. */
export interface DiskView {
  readonly sizeBytes: number;
  /** May be a view of live memory. Ranges are whole sectors. */
  peek(offsetBytes: number, lengthBytes: number): Uint8Array;
  /** Where something may be other than zero: rising, apart. */
  allocatedRanges(): readonly ByteRange[];
}

export interface ByteRange {
  readonly offsetBytes: number;
  readonly lengthBytes: number;
}

/** A visible change of a disk's content, told after it was applied. */
export interface DiskChange extends ByteRange {
  readonly reason: "write" | "trim" | "power-loss" | "fault";
  readonly faultId?: string | number;
  /** The disk refused the request, which reached so far all the same. */
  readonly isRefused?: true;
}

export type HostRequestKind = "write" | "read" | "flush" | "trim" | "zeroes";

/** Where the requests of one host come from. */
export interface HostStation {
  /** Waits in the host's own time. */
  sleep(delayNs: number): Promise<void>;
  /** A request goes to the present incarnation of the system, which takes it up in `body`; a paused one later. */
  send(kind: HostRequestKind, offsetBytes: number, lengthBytes: number, body: () => void): void;
  /** The request with this number has ended. */
  ended(isDone: boolean, operation: number, contentHash: number): void;
}

/** A step that a program logged, as the harness learns of it. */
export interface LoggedStep {
  readonly name: string;
  readonly fields: StepFields;
}

/** Told what becomes of a world; in the simulated one within the event in which it happens. */
export interface WorldListener {
  /** Before the crash touches disks and sockets. */
  systemDown(system: string, kind: CrashKind): void;
  /** The new incarnation serves hosts and administrators. */
  systemUp(system: string): void;
  /** Before a fault that may end connections strikes the link. */
  linkCut(link: string): void;
  linkHealed(link: string): void;
  /** The program of the system said so on its Log port. */
  step(system: string, step: LoggedStep): void;
  /** The program of the system gave up, or could not start. */
  targetFailed(system: string, error: unknown): void;
}
