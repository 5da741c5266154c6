import type { Invariant } from "../../history/run-record.ts";
import type { Condition } from "../condition.ts";
import type { Converged, Holds, Oracle, Violates } from "../expectation.ts";

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
