import type { RunRecord, Verdict } from "../../history/run-record.ts";
import { parsePlan, type Plan } from "../../plan/plan.ts";
import { type RunPlanOptions, runPlan } from "../../run/run-plan.ts";
import type { RunObserver } from "../../run/run-observer.ts";
import { type CrashPoint, planAtAll } from "../crash-point.ts";
import { fingerprintsOf } from "../fingerprint.ts";
import { RunCoverage } from "../run-coverage.ts";
import { BlowWatch, outcomeAt } from "../tally.ts";
import { firstOfEach, pointsAfter } from "./cases.ts";
import { PointWatch, type SeenPoint } from "./point-watch.ts";
import type { TornBounds } from "./torn-subsets.ts";

/** What all cases of one scenario have in common: plain data, for worker threads. */
export interface CaseBase {
  readonly id: string;
  readonly plan: unknown;
  readonly seed: number;
  /** The time in which points are reached. */
  readonly withinMs: number;
}

/** One run: plain data. */
export interface CaseRequest {
  readonly index: number;
  readonly points: readonly CrashPoint[];
  /** `all`: every point is told, with what a loss of power may leave; `after`: the first of each kind after the blow. */
  readonly watch?: { readonly points: "all"; readonly bounds?: TornBounds } | { readonly points: "after" };
}

/** What became of it: plain data, small if it passed. */
export interface CaseResult {
  readonly index: number;
  readonly verdict: Verdict;
  /** Every blow struck. */
  readonly isReached: boolean;
  readonly historyHash: string;
  readonly virtualMs: number;
  /** Something was refused for good, or waited for in vain. */
  readonly isTolerated: boolean;
  /** Empty if it passed. */
  readonly fingerprints: readonly string[];
  readonly seen?: readonly SeenPoint[];
  /** With `after`: how many points there were. */
  readonly seenCount?: number;
  /** Only of a run that did not pass; its `replay` is still to be filled in. */
  readonly record?: RunRecord;
}

/** The plan of a case. */
export function planOf({ plan, withinMs }: Pick<CaseBase, "plan" | "withinMs">, points: readonly CrashPoint[]): Plan {
  return parsePlan(planAtAll(parsePlan(plan), points, withinMs));
}

/** Runs one case and judges it. @param outside what its plan needs of the outside: traces, judges, file systems */
export async function runCase(
  base: CaseBase,
  request: CaseRequest,
  parts: Pick<RunPlanOptions, "target" | "pump" | "wallNowMs" | "traces" | "oracles" | "fileSystems">,
): Promise<CaseResult> {
  const { index, points, watch } = request;
  const plan = planOf(base, points);
  const coverage = new RunCoverage();
  const seen = new PointWatch(plan, watch?.points === "all" ? watch.bounds : undefined);
  const blows = new BlowWatch();
  const observer = all([blows, coverage, ...(watch === undefined ? [] : [seen])]);
  const id = `${base.id}/${index}`;
  const { record } = await runPlan(plan, { ...parts, id, seed: base.seed, replay: "", repeat: false, observer });
  const { isReached, verdict } = outcomeAt(points, record, blows);
  const last = points.at(-1);
  const after = watch?.points === "after" && last !== undefined ? pointsAfter(seen.points, last) : undefined;
  return {
    index,
    verdict,
    isReached,
    historyHash: record.historyHash,
    virtualMs: record.virtualMs,
    isTolerated: (record.tolerated ?? []).length > 0,
    fingerprints: verdict === "PASS" ? [] : namesOf(record, coverage, isReached),
    ...(watch?.points === "all" ? { seen: seen.points } : {}),
    ...(after === undefined ? {} : { seen: firstOfEach(after), seenCount: after.length }),
    ...(verdict === "PASS" ? {} : { record }),
  };
}

function namesOf(record: RunRecord, coverage: RunCoverage, isReached: boolean): string[] {
  const names = fingerprintsOf(record, coverage);
  if (names.length > 0) return names;
  return [isReached ? `harness ${record.verdict}` : "the point was not reached"];
}

function all(observers: readonly RunObserver[]): RunObserver {
  return {
    begin: (world) => {
      for (const observer of observers) observer.begin(world);
    },
    step: (system, name) => {
      for (const observer of observers) observer.step(system, name);
    },
    struck: (fault, label) => {
      for (const observer of observers) observer.struck(fault, label);
    },
  };
}
