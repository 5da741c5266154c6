import type { RunRecord } from "../history/run-record.ts";
import { runPlan } from "../run/run-plan.ts";
import type { Target } from "../target/target.ts";
import type { Pump } from "../world/sim/pump.ts";
import { fingerprintsOf } from "./fingerprint.ts";
import { randomPlan } from "./generate.ts";
import { RunCoverage } from "./run-coverage.ts";
import { keyText, type SeedKey, type SeedResult, worldSeed } from "./seed-result.ts";

/** Every so many seeds the run is repeated and compared event for event (rule 11): for each it would double the time. */
const REPEATED_EVERY = 16;

/** Kept of a run, of what faults cost: far more than one of a second or two has. */
const SAMPLES_MAX = 64;

/** Makes the plan of the seed, runs it and judges it. */
export async function runSeed(
  key: SeedKey,
  parts: { readonly target: Target; readonly pump: Pump; readonly wallNowMs: () => number },
): Promise<SeedResult> {
  const plan = randomPlan(key.seed, key.variant);
  const observer = new RunCoverage();
  const { record } = await runPlan(plan, {
    id: `hunt/${keyText(key)}`,
    seed: worldSeed(key),
    replay: "",
    repeat: key.seed % REPEATED_EVERY === 0,
    observer,
    recovery: true,
    ...parts,
  });
  const passed = isPass(record);
  return {
    ...key,
    verdict: passed ? "PASS" : record.verdict,
    historyHash: record.historyHash,
    events: record.events,
    fingerprints: passed ? [] : fingerprintsOf(record, observer),
    reached: observer.reached,
    faults: record.faults,
    recovery: record.recovery?.samples.slice(0, SAMPLES_MAX) ?? [],
    ...(passed ? {} : { record }),
  };
}

/** Nothing failed, though of the faults some, or all, had no effect; something was judged. */
export function isPass({ verdict, failures, vacuous, checks }: RunRecord): boolean {
  if (verdict === "PASS") return true;
  const isJudged = Object.values(checks).some((count) => count > 0);
  return verdict === "UNKNOWN" && vacuous && failures.length === 0 && isJudged;
}
