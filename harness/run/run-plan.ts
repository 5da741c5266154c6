import { formatDifference } from "../history/difference.ts";
import { EventLog } from "../history/event-log.ts";
import type { FileSystems } from "../files/file-system.ts";
import type { Failure, RunRecord } from "../history/run-record.ts";
import type { Plan } from "../plan/plan.ts";
import { lackOf } from "../target/capability.ts";
import type { Target } from "../target/target.ts";
import type { LoadedTrace } from "../trace/trace-source.ts";
import { RunGuards } from "../world/sim/guards.ts";
import type { Pump } from "../world/sim/pump.ts";
import { checkDeterminism } from "./determinism.ts";
import { DEFAULT_LIMITS, type RunLimits } from "./limits.ts";
import { neededCapabilities } from "./needed-capabilities.ts";
import { notApplicable, recordOf } from "./record-of.ts";
import { type Execution, type Reseed, runOnce } from "./run-once.ts";
import type { RunOracle } from "./run-oracle.ts";
import type { RunObserver } from "./run-observer.ts";

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
  /** Seed every choice again at a moment of the run; never without. */
  readonly reseed?: Reseed;
  /** Count what a crash can fall upon; not without. */
  readonly census?: boolean;
  /** Measure what faults cost (docs/recovery.md), in the first execution; not without. */
  readonly recovery?: boolean;
  /** Tell what both ends of each mirror hold at the end; not without. */
  readonly contents?: boolean;
  /** Looks on at the first execution; nobody does without. */
  readonly observer?: RunObserver;
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
  const { id, seed, replay, target, pump, repeat = true, wallNowMs = () => 0 } = options;
  const head = { id, world: "sim", seed, replay } as const;
  const startMs = wallNowMs();
  const lack = lackOf(target, neededCapabilities(plan));
  if (lack !== "") return { record: notApplicable(plan, head, lack), log: new EventLog(0) };
  const once = {
    seed,
    target,
    pump,
    census: options.census === true,
    recovery: options.recovery === true,
    contents: options.contents === true,
    reseed: options.reseed,
    limits: { ...DEFAULT_LIMITS, ...options.limits },
    fileSystems: options.fileSystems,
    traces: options.traces ?? new Map<string, LoadedTrace>(),
  };
  const judges = options.oracles ?? new Map<string, RunOracle>();
  const executions: Execution[] = [];
  const run = async (): Promise<Execution> => {
    // The judges see the first execution, and the disks look at buffers in the second: the histories are the same.
    const isFirst = executions.length === 0;
    const execution = await runOnce(plan, {
      ...once,
      oracles: isFirst ? judges : new Map(),
      checkBuffers: !isFirst,
      recovery: isFirst && options.recovery === true,
      ...(isFirst && options.observer !== undefined ? { observer: options.observer } : {}),
    });
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
  // What only the second execution looks for.
  const isClean = execution.failures.length + execution.check.failures.length + found.length === 0;
  if (isClean && again !== undefined) found.push(...again.failures);
  const { log, virtualNs } = execution;
  const wallMs = wallNowMs() - startMs;
  const measures = { historyHash: log.digest, events: log.count, virtualNs, wallMs };
  return { record: await recordOf(plan, head, execution, found, measures), log };
}

function failureOf(rule: Failure["rule"], message: string): Failure {
  return { rule, message, timeNs: 0, blame: [] };
}
