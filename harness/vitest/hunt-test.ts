import type { Failure } from "../history/run-record.ts";
import { randomPlan } from "../hunt/generate.ts";
import { planSize } from "../hunt/shrink/plan-size.ts";
import { failsAs, isLiveness } from "../hunt/shrink/same-failure.ts";
import { shrink } from "../hunt/shrink/shrink.ts";
import type { Plan } from "../plan/index.ts";
import { RunFailed } from "./artifacts.ts";
import { test } from "./simulation-test.ts";
import { simulateHere } from "./simulator.ts";

export interface HuntTestOptions {
  /** Both are tried. */
  readonly seeds: { readonly from: number; readonly to: number };
  /** The plan of a seed; a random one of resilver's own without. The same seed must give the same plan. */
  readonly planOf?: (seed: number) => Plan;
  /** Of the whole test; 60 s without, half of which a failure may take to become small. */
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 60_000;
const SHRINK_RUNS_MAX = 5_000;

/**
 * A hunt as one test: every seed is one random plan, and none may break an invariant (HX-7). The first that does is made
 * small and left as a scenario that can be pasted in `out/vitest`.
 */
export function huntTest(name: string, options: HuntTestOptions): void {
  const { seeds, timeoutMs = TIMEOUT_MS } = options;
  const title = `${name} (seeds ${seeds.from} to ${seeds.to})`;
  test(title, { timeout: timeoutMs }, async () => {
    const found = await huntHere(title, { ...options, timeoutMs });
    if (found !== undefined) throw found;
  });
}

/** The first failure among the seeds, made small. */
export async function huntHere(
  title: string,
  { seeds, planOf = randomPlan, timeoutMs = TIMEOUT_MS }: HuntTestOptions,
): Promise<RunFailed | undefined> {
  for (let seed = seeds.from; seed <= seeds.to; seed++) {
    const plan = planOf(seed);
    const { failures } = await simulateHere(plan, { id: `vitest/${title}`, seed, repeat: false });
    const [failure] = failures;
    if (failure !== undefined) return smallest(title, plan, seed, failure, timeoutMs / 2);
  }
  return undefined;
}

async function smallest(title: string, plan: Plan, seed: number, failure: Failure, timeMs: number): Promise<RunFailed> {
  const run = (candidate: Plan) => simulateHere(candidate, { id: `vitest/${title}`, seed, repeat: false });
  const endMs = performance.now() + timeMs;
  const { plan: small, runs } = await shrink(plan, {
    fails: async (candidate) => failsAs(await run(candidate), failure),
    isLiveness: isLiveness(failure),
    isOver: () => performance.now() > endMs,
    runsMax: SHRINK_RUNS_MAX,
  });
  const [before, after] = [planSize(plan), planSize(small)];
  return new RunFailed(await run(small), small, [
    `made smaller in ${runs} runs: ${before.steps} steps and ${before.faults} faults before, ${after.steps} and ${after.faults} now`,
  ]);
}
