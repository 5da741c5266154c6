import { quantileSorted } from "d3-array";
import type { FaultCoverage, InvariantSummary, Objective, Statistics } from "../history/qualification.ts";
import { addStruck } from "../history/mirror-state.ts";
import { INVARIANTS, type RunRecord } from "../history/run-record.ts";

/** Of each kind of fault, by world: in how many scenarios, how often, and how often an effect was seen (HX-11). */
export function faultCoverage(runs: readonly RunRecord[]): FaultCoverage[] {
  const rows = new Map<string, { -readonly [K in keyof FaultCoverage]: FaultCoverage[K] } & { ids: Set<string> }>();
  for (const { id, world, faults } of runs)
    for (const { kind, injected, effective, struck } of faults) {
      const key = `${kind} ${world}`;
      const row = rows.get(key) ?? { kind, world, scenarios: 0, injected: 0, effective: 0, ids: new Set<string>() };
      rows.set(key, row);
      row.ids.add(id);
      row.scenarios = row.ids.size;
      row.injected += injected;
      row.effective += effective;
      const all = addStruck(row.struck, struck);
      if (all !== undefined) row.struck = all;
    }
  return [...rows.entries()]
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([, { ids: _ids, ...row }]) => row);
}

export function invariantSummaries(runs: readonly RunRecord[]): InvariantSummary[] {
  return INVARIANTS.map((invariant) => {
    const judged = runs.filter(({ checks }) => (checks[invariant] ?? 0) > 0);
    return {
      invariant,
      checks: judged.reduce((sum, { checks }) => sum + (checks[invariant] ?? 0), 0),
      runs: judged.length,
      broken: runs.filter(({ invariants }) => invariants[invariant] === "FAIL").length,
    };
  });
}

/** What faults cost, by world, measure and kind of fault; what no run had is left out. */
export function objectives(runs: readonly RunRecord[]): Objective[] {
  const values = new Map<string, { readonly head: ObjectiveHead; readonly values: number[] }>();
  const add = (head: ObjectiveHead, value: number): void => {
    const key = JSON.stringify(head);
    const known = values.get(key) ?? { head, values: [] };
    values.set(key, known);
    known.values.push(value);
  };
  for (const { world, recovery } of runs)
    for (const { measure, fault, ms, bytes } of recovery?.samples ?? []) {
      add({ world, measure, fault, unit: "ms" }, ms);
      if (bytes !== undefined) add({ world, measure, fault, unit: "bytes" }, bytes);
    }
  return [...values.entries()]
    .toSorted(([one], [other]) => (one < other ? 1 : -1))
    .map(([, { head, values: all }]) => {
      const sorted = all.toSorted((one, other) => one - other);
      const at = (share: number): number => round(quantileSorted(sorted, share) ?? 0);
      return { ...head, count: sorted.length, p50: at(0.5), p95: at(0.95), max: at(1) };
    });
}

type ObjectiveHead = Pick<Objective, "measure" | "fault" | "world" | "unit">;

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}

export function statisticsOf(runs: readonly RunRecord[]): Statistics {
  const done = runs.filter(({ verdict }) => verdict !== "SKIPPED");
  const simulated = done.filter(({ world }) => world === "sim");
  const isClean = simulated.length > 0 && simulated.every(({ verdict }) => verdict === "PASS");
  const sum = (field: "events" | "virtualMs" | "wallMs"): number => done.reduce((total, run) => total + run[field], 0);
  return {
    runs: done.length,
    distinctHistories: new Set(simulated.map(({ historyHash }) => historyHash)).size,
    events: sum("events"),
    virtualMs: sum("virtualMs"),
    wallMs: Math.round(sum("wallMs")),
    ...(isClean ? { failureShareBelow: Math.min(1, 3 / simulated.length) } : {}),
  };
}
