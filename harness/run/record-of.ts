import type { Failure, OracleRecord, RunRecord, Verdict } from "../history/run-record.ts";
import { type RecordHead, unjudgedRecord } from "../history/unjudged-record.ts";
import { mergeVerdicts } from "../history/verdict.ts";
import type { Plan } from "../plan/plan.ts";
import type { PlanOutcome } from "./plan-run.ts";
import { applyViolations } from "./violations.ts";

/** Which run a record is of. */
export interface RunHead {
  /** Path in `scenarios/`, or any other name. */
  readonly id: string;
  readonly world: RunRecord["world"];
  /** The outside target that was run; without, the engine of this project. */
  readonly target?: string;
  readonly seed: number;
  /** The token of this run. */
  readonly replay: string;
}

/** What only who drove the world knows. */
export interface RunMeasures {
  readonly historyHash: string;
  readonly events: number;
  readonly virtualNs: number;
  readonly wallMs: number;
}

/**
 * The record of a run that came to its end, with its verdict (rule 10).
 *
 * @param found failures beside those of the outcome
 */
export async function recordOf(
  plan: Plan,
  head: RunHead,
  outcome: PlanOutcome,
  found: readonly Failure[],
  measures: RunMeasures,
): Promise<RunRecord> {
  const all = [...outcome.failures, ...outcome.check.failures, ...found];
  const failures = applyViolations(plan, all, outcome.struck);
  const oracles = await outcome.oracles;
  const vacuous = outcome.faults.some(({ effective }) => effective === 0);
  return {
    ...headFields(plan, head),
    verdict: verdictOf(plan, outcome, failures, oracles, vacuous),
    historyHash: measures.historyHash,
    events: measures.events,
    virtualMs: Math.round(measures.virtualNs / 1e3) / 1e3,
    wallMs: Math.round(measures.wallMs * 1e3) / 1e3,
    faults: outcome.faults,
    invariants: outcome.check.invariants,
    checks: outcome.check.checks,
    failures,
    oracles,
    vacuous,
    ...(plan.mayRefuse === true ? { tolerated: outcome.tolerated } : {}),
    ...(outcome.unjudged.length === 0 ? {} : { unjudged: outcome.unjudged }),
    ...(outcome.census === undefined ? {} : { census: outcome.census }),
    ...(outcome.recovery === undefined ? {} : { recovery: outcome.recovery }),
    ...(outcome.contents === undefined ? {} : { contents: outcome.contents }),
  };
}

/** The record of a run that made no sense. */
export function notApplicable(plan: Plan, head: RunHead, why: string): RunRecord {
  return unjudgedRecord(headFields(plan, head), "NOT_APPLICABLE", { rule: "expectation", message: why });
}

function headFields(plan: Plan, { id, world, target, seed, replay }: RunHead): RecordHead {
  const head = { scenario: plan.name, id, requirements: plan.requirements, world, seed, replay };
  return target === undefined ? head : { ...head, target };
}

/** Rule 10. A vacuous run is not green: what it should have shown was not shown. */
function verdictOf(
  plan: Plan,
  outcome: PlanOutcome,
  failures: readonly Failure[],
  oracles: readonly OracleRecord[],
  vacuous: boolean,
): Verdict {
  const verdicts: Verdict[] = failures.map(({ rule }) => (rule === "harness" ? "ERROR" : "FAIL"));
  for (const { verdict } of oracles) verdicts.push(verdict);
  if (vacuous) verdicts.push("UNKNOWN");
  const judged = Object.values(outcome.check.checks).some((count) => count > 0);
  if (judged || plan.expect.length > 0) verdicts.push("PASS");
  return mergeVerdicts(verdicts);
}
