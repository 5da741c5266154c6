import type { AdminStep } from "../step.ts";

/** Where a command is given; where it belongs, without: `takeover` at the secondary, the others at the primary. */
export interface At<S extends string> {
  readonly at?: S;
}

/** Makes the pair as the topology describes it and starts the initial copy. */
export function create<const P extends string, const S extends string = never>(
  pair: P,
  options: At<S> = {},
): AdminStep<P, S> {
  return { kind: "create", pair, ...options };
}

/** Suspends the mirror deliberately. Hosts may read the secondary, and with `read-write` write to it. */
export function split<const P extends string, const S extends string = never>(
  pair: P,
  options: At<S> & { readonly secondary?: "read-only" | "read-write" } = {},
): AdminStep<P, S> {
  return { kind: "split", pair, secondary: "read-only", ...options };
}

/** Brings the pair together again; `reverse` makes the primary equal to the secondary. */
export function resync<const P extends string, const S extends string = never>(
  pair: P,
  options: At<S> & { readonly direction?: "forward" | "reverse" } = {},
): AdminStep<P, S> {
  return { kind: "resync", pair, ...options };
}

/** Makes the secondary the primary while the other is gone. */
export function takeover<const P extends string, const S extends string = never>(
  pair: P,
  options: At<S> = {},
): AdminStep<P, S> {
  return { kind: "takeover", pair, ...options };
}

/** Swaps the roles of a DUPLEX pair. */
export function failback<const P extends string, const S extends string = never>(
  pair: P,
  options: At<S> = {},
): AdminStep<P, S> {
  return { kind: "failback", pair, ...options };
}
