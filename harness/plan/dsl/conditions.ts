import type { PairStatus } from "../../target/target.ts";
import type {
  ConnectedCondition,
  EngineStepCondition,
  ProgressCondition,
  StatusCondition,
  WrittenCondition,
} from "../condition.ts";

/** This part of a resync or initial copy is done, 0 … 1. */
export function progress<const P extends string>(of: "resync", pair: P, fraction: number): ProgressCondition<P> {
  return { kind: "progress", of, pair, fraction };
}

/** A barrier at a named step of a system's program. */
export function step<const S extends string>(system: S, name: string, nth = 1): EngineStepCondition<S> {
  return { kind: "engine-step", system, name, nth };
}

/** The `nth` host write to the volume from now on. */
export function written<const V extends string>(
  volume: V,
  nth: number,
  moment: "issued" | "acknowledged" = "acknowledged",
): WrittenCondition<V> {
  return { kind: "written", volume, nth, moment };
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
