import type { RunTask } from "../../harness/cli/run-task.ts";
import { simWorker } from "../../harness/cli/sim-worker-module.ts";
import { runTasks } from "../../harness/cli/worker-pool.ts";
import { barAtLeast, type Section, sampleOf, secondsOf } from "./measure.ts";
import { faultyMirror } from "./mirror-plan.ts";

const TASKS = 240;

/** The same runs on one worker thread and on two, the start of the threads included. */
export async function workers(runs: number): Promise<Section> {
  const root = new URL("../../", import.meta.url);
  const worker = simWorker({ scenarioFolder: new URL("scenarios/", root), engineFolder: new URL("engine/", root) });
  const plan = faultyMirror();
  const tasks: RunTask[] = Array.from({ length: TASKS }, (_, index) => ({
    id: "bench",
    name: plan.name,
    requirements: plan.requirements,
    seed: index + 1,
    repeat: true,
    world: "sim",
    heavy: false,
    plan,
    replay: "",
  }));
  const rate = async (workerCount: number): Promise<number> => {
    const signal = new AbortController().signal;
    const options = { worker, workerCount, taskMsMax: 60_000, signal, onStart: () => {}, onRecord: () => {} };
    return TASKS / (await secondsOf(() => runTasks(tasks, options)));
  };
  const [one, two]: [number[], number[]] = [[], []];
  for (let round = 0; round < runs; round++) {
    one.push(await rate(1));
    two.push(await rate(2));
  }
  const single = sampleOf("one worker", "runs/s", one);
  const pair = sampleOf("two workers", "runs/s", two);
  return {
    name: "workers",
    how: `${TASKS} runs of "${plan.name}", each repeated and compared`,
    samples: [single, pair],
    bars: [barAtLeast("two workers against one", pair.median / single.median, 1)],
    notes: [],
  };
}
