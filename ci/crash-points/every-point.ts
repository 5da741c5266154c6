import type { RunRecord } from "../../harness/history/run-record.ts";
import { describePoint, planAt, planWithoutBlow } from "../../harness/hunt/crash-point.ts";
import { crashPoints } from "../../harness/hunt/crash-points.ts";
import { BlowWatch, outcomeAt } from "../../harness/hunt/tally.ts";
import type { Plan } from "../../harness/plan/plan.ts";
import { runPlan } from "../../harness/run/run-plan.ts";
import { resilverTarget } from "../../harness/target/resilver-target.ts";
import { hostPump } from "../../harness/world/sim/host-pump.ts";

/** What became of a plan with a crash, or a cut, at each of its points. */
export interface EveryPoint {
  /** Of the run without one. */
  readonly base: RunRecord;
  readonly points: number;
  /** Points after which something was refused for good, or waited for in vain. */
  readonly tolerated: number;
  /** Points that did not pass, with what went wrong: at most ten. */
  readonly failures: readonly string[];
}

/** Above so many, every so many is taken. */
const POINTS_MAX = 4_000;

/** Runs the plan once for every disk write, flush and frame, with a loss of power, a kill, and at frames a cut. */
export async function everyPoint(plan: Plan, seed: number): Promise<EveryPoint> {
  const target = resilverTarget("under test");
  const pump = hostPump();
  const run = async (one: Plan, census: boolean, observer = new BlowWatch()): Promise<RunRecord> => {
    const options = { id: plan.name, seed, target, pump, replay: "", repeat: false, census, observer };
    return (await runPlan(one, options)).record;
  };
  const base = await run(planWithoutBlow(plan), true);
  if (base.census === undefined) throw new Error("a census was asked for");
  const { points } = crashPoints(base.census, ["power", "kill", "cut"], { pointsMax: POINTS_MAX });
  const withinMs = Math.ceil(base.virtualMs) + 1_000;
  const records: RunRecord[] = [];
  const failures: string[] = [];
  for (const point of points) {
    const blows = new BlowWatch();
    const record = await run(planAt(plan, point, withinMs), false, blows);
    const outcome = outcomeAt([point], record, blows);
    records.push(record);
    if (outcome.verdict === "PASS" || failures.length === 10) continue;
    const why = record.failures.map(({ rule, message }) => `${rule}: ${message}`).join("; ");
    failures.push(`${describePoint(point)}: ${outcome.verdict} ${outcome.isReached ? why : "not reached"}`);
  }
  const tolerated = records.filter((record) => (record.tolerated ?? []).length > 0).length;
  return { base, points: points.length, tolerated, failures };
}
