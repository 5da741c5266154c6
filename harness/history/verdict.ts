import { VERDICTS, type Verdict } from "./run-record.ts";

/** The verdict of several together: the worst. Of nothing: UNKNOWN, because nothing executed is never a pass. */
export function mergeVerdicts(verdicts: Iterable<Verdict>): Verdict {
  let worst: Verdict | undefined;
  for (const verdict of verdicts) {
    if (worst === undefined || VERDICTS.indexOf(verdict) < VERDICTS.indexOf(worst)) worst = verdict;
  }
  return worst ?? "UNKNOWN";
}
