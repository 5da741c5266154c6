import { ext4 } from "../files/ext4.node.ts";
import { excerptOf } from "../history/excerpt.ts";
import { Oracle } from "../oracle/oracle.ts";
import { type Plan, parsePlan } from "../plan/plan.ts";
import { traceNames } from "./trace-names.ts";
import { runPlan } from "../run/run-plan.ts";
import type { Target } from "../target/target.ts";
import { TraceDirectory } from "../trace/trace-directory.ts";
import type { LoadedTrace } from "../trace/trace-source.ts";
import { hostPump } from "../world/sim/host-pump.ts";
import { type ContainerRunner, containerRunner, containerWorld } from "./container-runner.ts";
import { runOracles } from "./run-oracles.ts";
import type { RunTask, RunTaskFunction } from "./run-task.ts";
import type { ScenarioCatalogue } from "./scenario-entry.ts";

export interface SimTaskRunnerParts {
  readonly scenarios: ScenarioCatalogue;
  /** Path of the folder with `traces.json`. */
  readonly traceFolder: string;
  readonly target: Target;
}

/** Does tasks, in the world that they name. Outside judges start at the first task that asks one. */
export function simTaskRunner(parts: SimTaskRunnerParts): RunTaskFunction {
  const pump = hostPump();
  let directory: TraceDirectory | undefined;
  let judge: Oracle | undefined;
  let containers: ContainerRunner | undefined;
  return async (task) => {
    const plan = await planOf(task, parts.scenarios);
    directory ??= new TraceDirectory(parts.traceFolder);
    const names = traceNames(plan);
    const asked = plan.expect.some((expectation) => expectation.kind === "oracle");
    if (asked) judge ??= new Oracle();
    const outside = {
      traces: await loadTraces(directory, names),
      ...(asked && judge !== undefined ? { oracles: runOracles(judge, directory) } : {}),
      fileSystems: ext4,
    };
    const { id, seed, replay } = task;
    try {
      if (task.world === "containers") {
        containers ??= containerRunner(containerWorld);
        return await containers(plan, { id, seed, replay, ...outside });
      }
      const { record, log } = await runPlan(plan, {
        id,
        seed,
        target: parts.target,
        pump,
        replay,
        repeat: task.repeat,
        census: task.census === true,
        ...(task.reseed === undefined ? {} : { reseed: task.reseed }),
        ...outside,
        wallNowMs: () => performance.now(),
      });
      const { excerpt } = task;
      return excerpt === undefined ? record : { ...record, excerpt: excerptOf(log, excerpt.fromNs, excerpt.toNs) };
    } finally {
      // A trace is large, and the next task of this thread seldom needs the same.
      for (const name of names) directory.release(name);
    }
  };
}

async function planOf(task: RunTask, scenarios: ScenarioCatalogue): Promise<Plan> {
  return parsePlan(task.plan ?? (await scenarios.load(task.id)).plan);
}

/** @throws TraceError: there is no such trace, or its file is damaged */
async function loadTraces(directory: TraceDirectory, names: readonly string[]): Promise<Map<string, LoadedTrace>> {
  const traces = new Map<string, LoadedTrace>();
  for (const name of names) traces.set(name, await directory.load(name));
  return traces;
}
