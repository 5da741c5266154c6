import type { PairStatus } from "../../target/target.ts";
import type {
  ConnectedCondition,
  DiskWriteCondition,
  DownCondition,
  EngineStepCondition,
  ImageCondition,
  JournalCondition,
  ProgressCondition,
  RestoredCondition,
  RestoreProgressCondition,
  SentCondition,
  StatusCondition,
  WrittenCondition,
} from "../condition.ts";

/** This part of a resync or initial copy of a pair is done, or of a restore, recovery or rollback of a volume; 0 … 1. */
export function progress<const P extends string>(of: "resync", pair: P, fraction: number): ProgressCondition<P>;
export function progress<const V extends string>(
  of: "restore",
  volume: V,
  fraction: number,
): RestoreProgressCondition<V>;
export function progress<const N extends string>(
  of: "resync" | "restore",
  what: N,
  fraction: number,
): ProgressCondition<N> | RestoreProgressCondition<N> {
  return of === "resync"
    ? { kind: "progress", of, pair: what, fraction }
    : { kind: "progress", of, volume: what, fraction };
}

/** A barrier at a named step of a system's program. */
export function step<const S extends string>(system: S, name: string, nth = 1): EngineStepCondition<S> {
  return { kind: "engine-step", system, name, nth };
}

/**
 * What follows must strike within the step, before the program goes on. Only the simulated world can do that: leave it
 * out where a few milliseconds later tell the same story.
 */
export function exactly<const S extends string>(moment: EngineStepCondition<S>): EngineStepCondition<S> {
  return { ...moment, exact: true };
}

/** The `nth` host write to the volume from now on. */
export function written<const V extends string>(
  volume: V,
  nth: number,
  moment: "issued" | "acknowledged" = "acknowledged",
): WrittenCondition<V> {
  return { kind: "written", volume, nth, moment };
}

/** The `nth` write, trim or flush that the system's program issues to the disk from now on: it is in flight. */
export function diskWrite<const D extends string>(disk: D, nth = 1): DiskWriteCondition<D> {
  return { kind: "disk-write", disk, nth };
}

/** The system does not run: it crashed, or lost power within a torn write. */
export function down<const S extends string>(system: S): DownCondition<S> {
  return { kind: "down", system };
}

/** The `nth` frame that the system's program sends on the link from now on. */
export function sent<const L extends string, const S extends string>(link: L, system: S, nth = 1): SentCondition<L, S> {
  return { kind: "sent", link, system, nth };
}

/** The pair has this status at both ends, or at the end given. */
export function status<const P extends string>(
  pair: P,
  is: PairStatus,
  at: "primary" | "secondary" | "both" = "both",
): StatusCondition<P> {
  return { kind: "status", pair, status: is, at };
}

/** Both ends of the pair are up and connected: a state, where `step(…, "session.up")` is a moment that may be over. */
export function connected<const P extends string>(pair: P): ConnectedCondition<P> {
  return { kind: "connected", pair };
}

/** Nothing is being restored to the volume (any more), and its system serves. */
export function restored<const V extends string>(volume: V): RestoredCondition<V> {
  return { kind: "restored", volume };
}

/** The volume's image can be read (`fixed`), was given up for lack of space (`lost`), or is not there. */
export function image<const V extends string>(volume: V, state: ImageCondition["state"] = "fixed"): ImageCondition<V> {
  return { kind: "image", volume, state };
}

/** The state and the window of the volume's journal; see {@link JournalCondition}. */
export function journal<const V extends string>(
  volume: V,
  is: Omit<JournalCondition, "kind" | "volume"> = {},
): JournalCondition<V> {
  return { kind: "journal", volume, ...is };
}
