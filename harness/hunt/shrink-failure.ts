import type { Failure, RunRecord } from "../history/run-record.ts";
import type { Plan } from "../plan/plan.ts";
import { failsAs, isLiveness } from "./shrink/same-failure.ts";
import { shrink } from "./shrink/shrink.ts";

/** What a plan that fails was made small to: plain data. */
export interface ShrunkFailure {
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

/** Makes a plan smaller, for `msMax` at most, as long as it fails as `failure` says. */
export async function shrinkFailure(
  plan: Plan,
  failure: Failure,
  parts: {
    readonly run: (plan: Plan) => Promise<RunRecord>;
    readonly wallNowMs: () => number;
    readonly msMax: number;
  },
): Promise<ShrunkFailure> {
  const { run, wallNowMs, msMax } = parts;
  const endMs = wallNowMs() + msMax;
  const small = await shrink(plan, {
    fails: async (smaller) => failsAs(await run(smaller), failure),
    isLiveness: isLiveness(failure),
    isOver: () => wallNowMs() >= endMs,
    runsMax: RUNS_MAX,
  });
  return { ...small, record: await run(small.plan) };
}
