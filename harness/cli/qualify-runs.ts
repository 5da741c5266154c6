import type { PlannedScenario, QualificationPlan } from "../history/qualification.ts";
import type { BundleWriter } from "../qualify/bundle.ts";
import type { CommandLineParts } from "./command-line-parts.ts";
import { taskOf } from "./run-command.ts";
import type { RunTask } from "./run-task.ts";
import type { ScenarioEntry } from "./scenario-entry.ts";
import { runRecorded } from "./run-recorded.ts";
import { targetTasks } from "./target-tasks.ts";
import { withContainers } from "./with-containers.ts";

/** Runs of a scenario on containers: the first that is asked for, and as many again of other seeds where it tested nothing. */
const CONTAINER_RUNS_MAX = 3;

interface QualificationRuns {
  readonly workerCount: number;
  readonly timeoutMs: number;
  /** An outside target, as it was given; the engine of this project without. */
  readonly target: string | undefined;
}

/** Does all runs of a qualification, and leaves each record in the bundle as its run ends. */
export async function runQualification(
  parts: CommandLineParts,
  plan: QualificationPlan,
  bundle: BundleWriter,
  { target, ...options }: QualificationRuns,
): Promise<void> {
  const plans = new Map<string, unknown>();
  for (const { id } of [...plan.scenarios, ...plan.canaries]) plans.set(id, (await parts.scenarios.load(id)).plan);
  const entryOf = (scenario: PlannedScenario): ScenarioEntry => ({ ...scenario, plan: plans.get(scenario.id) });
  const simulate = (scenario: PlannedScenario, seed: number): RunTask =>
    // Virtual time is the same each time, which is proven by doing it twice.
    taskOf(entryOf(scenario), { seed, world: "sim", repeat: true }, plan.suite.engine, false);
  const onContainers = async (scenarios: readonly PlannedScenario[], seed: number): Promise<readonly RunTask[]> => {
    const entries = scenarios.map(entryOf);
    if (target !== undefined) return targetTasks(parts, entries, { target, seed });
    const head = { seed, world: "containers", repeat: false } as const;
    return entries.map((entry) => taskOf(entry, head, plan.suite.engine, false));
  };
  const applying = plan.scenarios.filter(({ needs }) => needs.every((need) => plan.target.capabilities.includes(need)));
  const [first] = plan.seeds.containers;
  // What a machine may lack for them shows at once, and not after everything else was done.
  if (first !== undefined)
    await withContainers(async () => {
      let left = [...applying];
      for (let seed = first; left.length > 0 && seed < first + CONTAINER_RUNS_MAX; seed++) {
        const tasks = await onContainers(left, seed);
        // One after the other: what real systems measure must not depend on what else runs.
        const records = await runRecorded(parts, tasks, bundle, { ...options, workerCount: 1 });
        const idle = new Set(
          records.filter(({ verdict, vacuous }) => verdict === "UNKNOWN" && vacuous).map(({ id }) => id),
        );
        left = left.filter(({ id }) => idle.has(id));
      }
    });
  const simulated = [
    ...applying.flatMap((scenario) => plan.seeds.sim.map((seed) => simulate(scenario, seed))),
    ...plan.canaries.map((canary) => simulate(canary, 1)),
  ];
  await runRecorded(parts, simulated, bundle, options);
}
