import { formatDifference } from "../history/difference.ts";
import { EventLog } from "../history/event-log.ts";
import type { FileSystems } from "../files/file-system.ts";
import type { Failure, OracleRecord, RunRecord, Verdict } from "../history/run-record.ts";
import { mergeVerdicts } from "../history/verdict.ts";
import type { Plan } from "../plan/plan.ts";
import type { Target } from "../target/target.ts";
import type { LoadedTrace } from "../trace/trace-source.ts";
import { RunGuards } from "../world/sim/guards.ts";
import type { Pump } from "../world/sim/pump.ts";
import { checkDeterminism } from "./determinism.ts";
import { DEFAULT_LIMITS, type RunLimits } from "./limits.ts";
import { neededCapabilities } from "./needed-capabilities.ts";
import { type Execution, runOnce } from "./run-once.ts";
import type { RunOracle } from "./run-oracle.ts";
import { applyViolations } from "./violations.ts";

export interface RunPlanOptions {
  /** Path in `scenarios/`, or any other name. */
  readonly id: string;
  readonly seed: number;
  readonly target: Target;
  readonly pump: Pump;
  /** The token of this run, for its record. */
  readonly replay: string;
  /** Run it twice and compare every event (rule 11); true without. */
  readonly repeat?: boolean;
  /** By name: every trace that the plan replays, loaded ahead. */
  readonly traces?: ReadonlyMap<string, LoadedTrace>;
  /** By name: the outside judges that the plan may ask. */
  readonly oracles?: ReadonlyMap<string, RunOracle>;
  /** For plans that deal with files. */
  readonly fileSystems?: FileSystems;
  readonly limits?: Partial<RunLimits>;
  /** Count what a crash can fall upon; not without. */
  readonly census?: boolean;
  /** Real milliseconds, for the record alone; 0 without. */
  readonly wallNowMs?: () => number;
}

/** A run that came to its end. */
export interface RunResult {
  readonly record: RunRecord;
  /** Of the first execution. */
  readonly log: EventLog;
}

/**
 * Runs a plan in the simulated world and judges it. Whatever the target does ends in the record; it
 * rejects for nothing but our own mistakes.
 *
 * @param plan from `scenario` or `parsePlan`: names and bounds are not checked again
 */
export async function runPlan(plan: Plan, options: RunPlanOptions): Promise<RunResult> {
  const { seed, target, pump, repeat = true, wallNowMs = () => 0 } = options;
  const startMs = wallNowMs();
  const missing = [...neededCapabilities(plan)].filter((capability) => !target.capabilities.has(capability));
  if (missing.length > 0) return notApplicable(plan, options, missing.join(", "));
  const once = {
    seed,
    target,
    pump,
    census: options.census === true,
    limits: { ...DEFAULT_LIMITS, ...options.limits },
    fileSystems: options.fileSystems,
    traces: options.traces ?? new Map<string, LoadedTrace>(),
  };
  const judges = options.oracles ?? new Map<string, RunOracle>();
  const executions: Execution[] = [];
  const run = async (): Promise<Execution> => {
    // The judges see the first execution, and the disks look at buffers in the second: the histories are the same.
    const isFirst = executions.length === 0;
    const execution = await runOnce(plan, { ...once, oracles: isFirst ? judges : new Map(), checkBuffers: !isFirst });
    executions.push(execution);
    return execution;
  };
  const found: Failure[] = [];
  // Held over both executions, so that the host's functions are patched once.
  const guards = new RunGuards();
  try {
    if (repeat) {
      const { difference } = await checkDeterminism(run);
      if (difference !== undefined) found.push(failureOf("determinism", formatDifference(difference)));
    } else await run();
  } finally {
    guards.release();
  }
  const [execution, again] = executions;
  if (execution === undefined) throw new Error("a run without an execution");
  found.unshift(...execution.failures, ...execution.check.failures);
  // What only the second execution looks for.
  if (found.length === 0 && again !== undefined) found.push(...again.failures);
  const failures = applyViolations(plan, found, execution.struck);
  const oracles = await execution.oracles;
  const vacuous = execution.faults.some(({ effective }) => effective === 0);
  const record: RunRecord = {
    ...headOf(plan, options),
    verdict: verdictOf(plan, execution, failures, oracles, vacuous),
    historyHash: execution.log.digest,
    events: execution.log.count,
    virtualMs: Math.round(execution.virtualNs / 1e3) / 1e3,
    wallMs: Math.round((wallNowMs() - startMs) * 1e3) / 1e3,
    faults: execution.faults,
    invariants: execution.check.invariants,
    checks: execution.check.checks,
    failures,
    oracles,
    vacuous,
    ...(plan.mayRefuse === true ? { tolerated: execution.tolerated } : {}),
    ...(execution.census === undefined ? {} : { census: execution.census }),
  };
  return { record, log: execution.log };
}

function failureOf(rule: Failure["rule"], message: string): Failure {
  return { rule, message, timeNs: 0, blame: [] };
}

function headOf(plan: Plan, { id, seed, replay }: RunPlanOptions) {
  return { scenario: plan.name, id, requirements: plan.requirements, world: "sim", seed, replay } as const;
}

/** Rule 10. A vacuous run is not green: what it should have shown was not shown. */
function verdictOf(
  plan: Plan,
  execution: Execution,
  failures: readonly Failure[],
  oracles: readonly OracleRecord[],
  vacuous: boolean,
): Verdict {
  const verdicts: Verdict[] = failures.map(({ rule }) => (rule === "harness" ? "ERROR" : "FAIL"));
  for (const { verdict } of oracles) verdicts.push(verdict);
  if (vacuous) verdicts.push("UNKNOWN");
  const judged = Object.values(execution.check.checks).some((count) => count > 0);
  if (judged || plan.expect.length > 0) verdicts.push("PASS");
  return mergeVerdicts(verdicts);
}

function notApplicable(plan: Plan, options: RunPlanOptions, missing: string): RunResult {
  const message = `the target ${options.target.name} cannot: ${missing}`;
  const record: RunRecord = {
    ...headOf(plan, options),
    verdict: "NOT_APPLICABLE",
    historyHash: "",
    events: 0,
    virtualMs: 0,
    wallMs: 0,
    faults: [],
    invariants: {},
    checks: {},
    failures: [failureOf("expectation", message)],
    oracles: [],
    vacuous: false,
  };
  return { record, log: new EventLog(0) };
}
