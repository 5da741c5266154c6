import type { FaultCoverage, InvariantSummary, Objective, Statistics, World } from "../history/qualification.ts";
import { INVARIANTS, type RecoveryTimes, type RunRecord } from "../history/run-record.ts";

/** Of each kind of fault, by world: in how many scenarios, how often, and how often an effect was seen (HX-11). */
export function faultCoverage(runs: readonly RunRecord[]): FaultCoverage[] {
  const rows = new Map<string, { -readonly [K in keyof FaultCoverage]: FaultCoverage[K] } & { ids: Set<string> }>();
  for (const { id, world, faults } of runs)
    for (const { kind, injected, effective } of faults) {
      const key = `${kind} ${world}`;
      const row = rows.get(key) ?? { kind, world, scenarios: 0, injected: 0, effective: 0, ids: new Set<string>() };
      rows.set(key, row);
      row.ids.add(id);
      row.scenarios = row.ids.size;
      row.injected += injected;
      row.effective += effective;
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

const OBJECTIVES: readonly (readonly [name: string, keyof RecoveryTimes])[] = [
  ["outage: hosts could write to neither side", "hostOutagesMs"],
  ["apart: until the mirror was in sync again", "apartMs"],
  ["resync: the copying part of that", "resyncsMs"],
];

/** Times that faults cost, by world; those that no run had are left out. */
export function objectives(runs: readonly RunRecord[]): Objective[] {
  return (["sim", "containers"] as const satisfies readonly World[]).flatMap((world) =>
    OBJECTIVES.flatMap(([name, field]) => {
      const times = runs
        .filter((run) => run.world === world)
        .flatMap(({ recovery }) => (recovery?.[field] ?? []) as readonly number[])
        .toSorted((one, other) => one - other);
      if (times.length === 0) return [];
      const [p50, p95, max] = [quantile(times, 0.5), quantile(times, 0.95), quantile(times, 1)];
      return [{ name, world, unit: "ms" as const, count: times.length, p50, p95, max }];
    }),
  );
}

/** The smallest value that at least this share of all is not above. @param sorted ascending, not empty */
function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
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
