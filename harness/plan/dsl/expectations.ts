import type { Invariant } from "../../history/run-record.ts";
import type { Condition } from "../condition.ts";
import type {
  Converged,
  Holds,
  Oracle,
  PauseAtMost,
  ResyncBytes,
  SameAs,
  Unchanged,
  Violates,
} from "../expectation.ts";

/** With every fault healed and every system up, the pairs become DUPLEX with equal volumes within 60 s. */
export function converged(options: { readonly withinMs?: number } = {}): Converged {
  return { kind: "converged", withinMs: 60_000, ...options };
}

/** A negative scenario: this invariant must fail, and the blame must lead to `fault`. */
export function violates(invariant: Invariant, options: { readonly fault?: string } = {}): Violates {
  return { kind: "violates", invariant, ...options };
}

/** The condition is true at the end. */
export function holds<const C extends Condition>(condition: C): Omit<Holds, "condition"> & { readonly condition: C } {
  return { kind: "holds", condition };
}

/** An outside program accepts the volume's content, at every link cut and at the end or at the end. */
export function oracle<const V extends string>(
  name: string,
  options: { readonly volume: V; readonly at: "every-cut" | "end" },
): Oracle<V> {
  return { kind: "oracle", oracle: name, ...options };
}

/** At the end the volume's disk holds what it held at the mark. */
export function unchanged<const V extends string>(volume: V, since: string): Unchanged<V> {
  return { kind: "unchanged", volume, since };
}

/** At the end the disks of both volumes hold the same. */
export function sameAs<const V extends string>(volume: V, other: V): SameAs<V> {
  return { kind: "same-as", volume, other };
}

/** Each resync over the link costs 1.05 times the tracks that differ or were in flight, and 64 KiB, at most. */
export function resyncBytes<const L extends string>(
  link: L,
  options: { readonly factor?: number; readonly plusBytes?: number } = {},
): ResyncBytes<L> {
  return { kind: "resync-bytes", link, factor: 1.05, plusBytes: 65_536, ...options };
}

/** The system never keeps hosts from writing for longer than so many flushes take (SR-4). */
export function pauseAtMost<const S extends string>(
  system: S,
  options: { readonly flushes: number; readonly from?: string; readonly to?: string },
): PauseAtMost<S> {
  return { kind: "pause-at-most", system, from: "writes.paused", to: "writes.resumed", ...options };
}
