import { excerptOf } from "../history/excerpt.ts";
import { type Plan, parsePlan } from "../plan/plan.ts";
import { runPlan } from "../run/run-plan.ts";
import type { Target } from "../target/target.ts";
import { loadTarget } from "../world/containers/outside/load-target.ts";
import { hostPump } from "../world/sim/host-pump.ts";
import { type ContainerRunner, containerRunner, containerWorld } from "./container-runner.ts";
import { PlanOutside } from "./plan-outside.ts";
import type { RunTask, RunTaskFunction } from "./run-task.ts";
import type { ScenarioCatalogue } from "./scenario-entry.ts";

export interface SimTaskRunnerParts {
  readonly scenarios: ScenarioCatalogue;
  /** Path of the folder with `traces.json`. */
  readonly traceFolder: string;
  readonly target: Target;
  /** Of this thread; one of its own without. */
  readonly outside?: PlanOutside;
}

/** Does tasks, in the world that they name. */
export function simTaskRunner(parts: SimTaskRunnerParts): RunTaskFunction {
  const pump = hostPump();
  const outsides = parts.outside ?? new PlanOutside(parts.traceFolder);
  let containers: ContainerRunner | undefined;
  return async (task) => {
    const plan = await planOf(task, parts.scenarios);
    const { id, seed, replay } = task;
    return outsides.with(plan, async (outside) => {
      if (task.world === "containers") {
        containers ??= containerRunner(containerWorld);
        const target = task.target === undefined ? {} : { target: await loadTarget(task.target.manifest) };
        return containers(plan, { id, seed, replay, recovery: true, contents: true, ...target, ...outside });
      }
      const { record, log } = await runPlan(plan, {
        id,
        seed,
        target: parts.target,
        pump,
        replay,
        repeat: task.repeat,
        census: task.census === true,
        recovery: true,
        contents: true,
        ...(task.reseed === undefined ? {} : { reseed: task.reseed }),
        ...outside,
        wallNowMs: () => performance.now(),
      });
      const { excerpt } = task;
      return excerpt === undefined ? record : { ...record, excerpt: excerptOf(log, excerpt.fromNs, excerpt.toNs) };
    });
  };
}

async function planOf(task: RunTask, scenarios: ScenarioCatalogue): Promise<Plan> {
  return parsePlan(task.plan ?? (await scenarios.load(task.id)).plan);
}
