import type { Failure, RunRecord } from "../history/run-record.ts";
import type { Plan } from "../plan/plan.ts";
import { runPlan } from "../run/run-plan.ts";
import type { Target } from "../target/target.ts";
import type { Pump } from "../world/sim/pump.ts";
import { randomPlan } from "./generate.ts";
import { type SeedKey, worldSeed } from "./seed-result.ts";
import { failsAs, isLiveness } from "./shrink/same-failure.ts";
import { shrink } from "./shrink/shrink.ts";

/** What a failure of a hunt was made small to: plain data. */
export interface ShrunkSeed {
  readonly plan: Plan;
  /** Of the small plan; its `replay` is still to be filled in. */
  readonly record: RunRecord;
  /** Plans that were tried. */
  readonly runs: number;
  /** Nothing that is left can be made smaller; otherwise the time was over. */
  readonly isSmallest: boolean;
}

/** Bounds the work where time does not pass. */
const RUNS_MAX = 20_000;

/** Makes the plan of a seed smaller, for `msMax` at most, as long as it fails as `failure` says. */
export async function shrinkSeed(
  key: SeedKey,
  failure: Failure,
  parts: {
    readonly target: Target;
    readonly pump: Pump;
    readonly wallNowMs: () => number;
    readonly msMax: number;
  },
): Promise<ShrunkSeed> {
  const { target, pump, wallNowMs, msMax } = parts;
  const endMs = wallNowMs() + msMax;
  const seed = worldSeed(key);
  const run = async (plan: Plan): Promise<RunRecord> => {
    const id = `hunt/${key.seed}-small`;
    return (await runPlan(plan, { id, seed, target, pump, replay: "", repeat: false, wallNowMs })).record;
  };
  const small = await shrink(randomPlan(key.seed, key.variant), {
    fails: async (plan) => failsAs(await run(plan), failure),
    isLiveness: isLiveness(failure),
    isOver: () => wallNowMs() >= endMs,
    runsMax: RUNS_MAX,
  });
  return { ...small, record: await run(small.plan) };
}
