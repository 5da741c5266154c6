import type { Verdict } from "./run-record.ts";

/** Worst first (rule 10). */
const ORDER: readonly Verdict[] = ["FAIL", "ERROR", "UNKNOWN", "SKIPPED", "PASS", "NOT_APPLICABLE", "WAIVED"];

/** The verdict of several together: the worst. Of nothing: UNKNOWN, because nothing executed is never a pass. */
export function mergeVerdicts(verdicts: Iterable<Verdict>): Verdict {
  let worst: Verdict | undefined;
  for (const verdict of verdicts) {
    if (worst === undefined || ORDER.indexOf(verdict) < ORDER.indexOf(worst)) worst = verdict;
  }
  return worst ?? "UNKNOWN";
}
