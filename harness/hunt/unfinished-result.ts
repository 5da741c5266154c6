import type { Verdict } from "../history/run-record.ts";
import { unjudgedRecord } from "../history/unjudged-record.ts";
import { randomPlan } from "./generate.ts";
import { keyText, type SeedKey, type SeedResult, worldSeed } from "./seed-result.ts";

/** The result of a run that did not come to its end, so that no list ever lacks it. */
export function unfinishedResult(key: SeedKey, verdict: Verdict, message: string): SeedResult {
  const { name, requirements } = randomPlan(key.seed, key.variant);
  const id = `hunt/${keyText(key)}`;
  const head = { id, scenario: name, requirements, world: "sim", seed: worldSeed(key), replay: "" } as const;
  return {
    ...key,
    verdict,
    historyHash: "",
    events: 0,
    fingerprints: [`harness ${verdict}`],
    reached: [],
    faults: [],
    recovery: [],
    record: unjudgedRecord(head, verdict, { rule: "harness", message }),
  };
}
