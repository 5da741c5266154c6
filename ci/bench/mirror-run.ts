import type { RunRecord } from "../../harness/history/run-record.ts";
import type { Plan } from "../../harness/plan/index.ts";
import { runPlan } from "../../harness/run/run-plan.ts";
import { resilverTarget } from "../../harness/target/resilver-target.ts";
import { RunGuards } from "../../harness/world/sim/guards.ts";
import { hostPump } from "../../harness/world/sim/host-pump.ts";
import { barAtLeast, barAtMost, type Section, sampleOf } from "./measure.ts";
import { memoryProbe } from "./memory-probe.ts";
import { faultyMirror, standardMirror } from "./mirror-plan.ts";

const SEEDS = 10;
/** Times the seeds of the small mirror are gone through before anything is measured: so long the compiler is at work. */
const WARM_UP_TIMES = 20;
/** Times they are in one measurement: once takes less time than passes between two collections of garbage. */
const SMALL_TIMES = 5;

interface Batch {
  readonly records: readonly RunRecord[];
  readonly seconds: number;
}

/** Runs `plan` with the seeds 1 to {@link SEEDS}, `times` over, one after the other on this thread. */
async function batch(plan: Plan, repeat: boolean, times: number): Promise<Batch> {
  const target = resilverTarget("bench");
  const pump = hostPump();
  const records: RunRecord[] = [];
  // Held for the whole batch, as a campaign does: a run then costs no patching.
  const guards = new RunGuards();
  const startMs = performance.now();
  for (let time = 0; time < times; time++) {
    for (let seed = 1; seed <= SEEDS; seed++)
      records.push((await runPlan(plan, { id: "bench", seed, target, pump, replay: "", repeat })).record);
  }
  const seconds = (performance.now() - startMs) / 1000;
  guards.release();
  return { records, seconds };
}

/** Whole mirror runs with every invariant on: virtual against real time, runs a second, the price of the repeat. */
export async function mirrorRuns(runs: number): Promise<Section> {
  const [standard, faulty] = [standardMirror(), faultyMirror()];
  const values = { ratio: [] as number[], perSecond: [] as number[], repeat: [] as number[], readNs: [] as number[] };
  const verdicts = new Map<string, number>();
  const randomReadNs = memoryProbe();
  await batch(standard, false, 1);
  const cold = await batch(faulty, false, WARM_UP_TIMES);
  await batch(faulty, true, SMALL_TIMES);
  for (let round = 0; round < runs; round++) {
    const calm = await batch(standard, false, 1);
    const readNs = randomReadNs();
    const once = await batch(faulty, false, SMALL_TIMES);
    values.readNs.push((readNs + randomReadNs()) / 2);
    const twice = await batch(faulty, true, SMALL_TIMES);
    const virtualMs = calm.records.reduce((sum, record) => sum + record.virtualMs, 0);
    values.ratio.push(virtualMs / 1000 / calm.seconds);
    values.perSecond.push(once.records.length / once.seconds);
    values.repeat.push(twice.seconds / once.seconds);
    for (const { scenario, verdict } of [...calm.records, ...once.records]) {
      const key = `${scenario}: ${verdict}`;
      verdicts.set(key, (verdicts.get(key) ?? 0) + 1);
    }
  }
  const ratio = sampleOf("virtual seconds a second, standard mirror", "s/s", values.ratio);
  const perSecond = sampleOf("runs, mirror with 200 writes and 5 faults", "runs/s", values.perSecond);
  const first = sampleOf(`the same, the first ${cold.records.length} of a process`, "runs/s", [
    cold.records.length / cold.seconds,
  ]);
  const readNs = sampleOf("a random read of 16 MiB, before and after them", "ns", values.readNs);
  const repeat = sampleOf("a run and its repeat against one run", "×", values.repeat);
  return {
    name: "mirror",
    how: `${SEEDS} seeds on one thread, every invariant on; measured once the process has run ${cold.records.length} of the small ones`,
    samples: [ratio, perSecond, readNs, first, repeat],
    bars: [
      barAtLeast("virtual against real time, 300 : 1", ratio.median / 300, 1),
      barAtLeast("150 runs a second", perSecond.median / 150, 1),
      barAtMost("price of the determinism check", repeat.median, 2.1),
    ],
    notes: [...verdicts].map(([verdict, count]) => `${verdict}, ${count} runs`),
  };
}
