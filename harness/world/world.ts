import type { Random } from "../../engine/ports/index.ts";
import type { WorldKind } from "../history/run-record.ts";

/** Which way bytes flow on a link: from the end that dials to the end that listens, or back. */
export type Direction = "upstream" | "downstream";

/** How a process dies. `kill`: the kernel lives, closes its sockets and keeps its cache. `power`: sockets vanish, unflushed sectors may be lost. */
export type CrashKind = "kill" | "power";

/** Something that a disk did not make durable yet: a write or a trim, or some sectors of one. */
export interface Unflushed<D extends string = string> {
  /** A volume, or `<system>/meta`. */
  readonly disk: D;
  /** Which write or trim of the disk, 1 for the latest; those in flight are the latest. */
  readonly latest: number;
  /** Only these sectors of the disk, half-open; all of the request without. */
  readonly sectors?: readonly [number, number];
}

/**
 * What a loss of power leaves of what was not durable: `survive` and nothing else, or all but `lose`. Chance decides
 * without either. A sector that was written several times holds the latest version that survives.
 */
export interface PowerLossChoice<D extends string = string> {
  readonly survive?: readonly Unflushed<D>[];
  readonly lose?: readonly Unflushed<D>[];
}

/**
 * What a fault may do to the world, and how it learns what it did. The simulated and the container
 * world implement it; a fault file knows only this.
 */
export interface World {
  readonly kind: WorldKind;
  /** Nanoseconds since the start of the run: virtual, or the harness's monotonic clock. */
  nowNs(): number;
  sleep(delayNs: number): Promise<void>;
  /** The named stream of this run's seed. */
  random(name: string): Random;
  system(name: string): WorldSystem;
  link(name: string): WorldLink;
  /** @param name a volume, or `<system>/meta` for the disk with that system's own tables */
  disk(name: string): WorldDisk;
}

export interface WorldSystem {
  readonly name: string;
  readonly state: "running" | "paused" | "down";
  /** Ends the program at once. Nothing if it is down. Healing restarts it. */
  crash(kind: CrashKind, choice?: PowerLossChoice): Injection;
  /** Starts the program again on the same disks; settles when it is ready, or struck down again. Nothing if it runs. */
  restart(): Promise<void>;
  /** Stops the program without its knowledge; its kernel goes on. Healing resumes it. */
  pause(): Injection;
  resume(): void;
  /** Steps the wall clock; may be negative. Healing steps it back. */
  stepClock(stepMs: number): Injection;
  /** Makes the clock run fast (positive) or slow, in parts per million. Healing ends it. */
  driftClock(partsPerMillion: number): Injection;
}

/** Counted by the world, never by the fault: what really happened. */
export type Effects = Readonly<Record<string, number>>;

/** A running injection. `heal` is idempotent; `effects` may still be read afterwards. */
export interface Injection {
  heal(): void;
  effects(): Effects;
}

/** One link, through its proxy. */
export interface WorldLink {
  readonly name: string;
  /** Disables the proxy: connections close, in-flight bytes are lost, new ones are refused. */
  cut(): Injection;
  /** Stalls one direction; healing releases every byte in order (the one-way hold). */
  hold(direction: Direction): Injection;
  /** Adds a toxic of `toxics`: latency, bandwidth, slicer, limit_data, timeout, slow_close, reset_peer. */
  toxic(type: string, direction: Direction, attributes: Readonly<Record<string, number>>): Injection;
}

export interface DiskFaultRange {
  readonly offsetBytes: number;
  readonly lengthBytes: number;
}

/** Which requests of a disk a fault hits. */
export interface DiskFaultTrigger {
  /** Only requests that touch it, half-open, whole sectors; the whole disk without. A flush touches every range. */
  readonly range?: DiskFaultRange;
  /** The first matching request to hit, from 1. */
  readonly nth?: number;
  /** Matching requests to hit; no limit without. */
  readonly count?: number;
  /** Of hitting a matching request, drawn from the fault's own stream; 1 without. */
  readonly probability?: number;
}

export type DiskFault = DiskFaultTrigger &
  (
    | { readonly kind: "eio"; readonly on: readonly ("read" | "write" | "flush")[] }
    | { readonly kind: "enospc" }
    | { readonly kind: "lost-write" }
    | { readonly kind: "misdirected-write"; readonly toOffsetBytes: number }
    | { readonly kind: "bit-flip"; readonly bitIndex: number }
    /** So many bits flip at rest, within the range, when it is injected. */
    | { readonly kind: "bit-rot"; readonly bits: number }
    | { readonly kind: "stall"; readonly on: readonly ("read" | "write" | "flush")[] }
    /** The write that matches persists only its first `sectors` sectors, and power is lost then. */
    | { readonly kind: "torn-write"; readonly sectors: number }
  );

export interface WorldDisk {
  /** `b/svol`, `b/meta`. */
  readonly name: string;
  readonly sizeBytes: number;
  inject(fault: DiskFault): Injection;
}
