import type { FaultRecord } from "./run-record.ts";

/**
 * What remote mirrors were like when a fault struck; of several the one that is furthest from being in sync, which is the last of these.
 * `COPY`: copied for the first time; `resync`: it had been in sync before.
 */
export const MIRROR_STATES = ["SIMPLEX", "DUPLEX", "COPY", "SPLIT", "resync"] as const;
export type MirrorState = (typeof MIRROR_STATES)[number];

/** Faults strike what works, or what has not recovered yet from something before. */
export const PHASES = [
  { phase: "safety", states: ["SIMPLEX", "COPY", "DUPLEX"] },
  { phase: "heal", states: ["SPLIT", "resync"] },
] as const satisfies readonly { readonly phase: string; readonly states: readonly MirrorState[] }[];

/** Injections by the state in which they struck: how many, and how many had an effect. */
export type Struck = Readonly<Partial<Record<MirrorState, [injected: number, effective: number]>>>;

/** Of two, together; states in their order. `undefined` if neither is known. */
export function addStruck(one: Struck | undefined, other: Struck | undefined): Struck | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  const sum: Partial<Record<MirrorState, [number, number]>> = {};
  for (const state of MIRROR_STATES) {
    const [a, b] = [one[state], other[state]];
    if (a !== undefined || b !== undefined) sum[state] = [(a?.[0] ?? 0) + (b?.[0] ?? 0), (a?.[1] ?? 0) + (b?.[1] ?? 0)];
  }
  return sum;
}

/** Of the same kind, together, in the order of the first of each. */
export function faultsByKind(
  faults: readonly Pick<FaultRecord, "kind" | "injected" | "effective" | "struck">[],
): Pick<FaultRecord, "kind" | "injected" | "effective" | "struck">[] {
  const sums = new Map<string, Pick<FaultRecord, "kind" | "injected" | "effective" | "struck">>();
  for (const { kind, injected, effective, struck } of faults) {
    const before = sums.get(kind);
    const all = addStruck(before?.struck, struck);
    sums.set(kind, {
      kind,
      injected: (before?.injected ?? 0) + injected,
      effective: (before?.effective ?? 0) + effective,
      ...(all === undefined ? {} : { struck: all }),
    });
  }
  return [...sums.values()];
}
