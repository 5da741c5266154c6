import type { RunRecord, Verdict } from "../history/run-record.ts";
import { mergeVerdicts } from "../history/verdict.ts";

/**
 * The verdict of all runs together (rule 10). A vacuous pass counts as UNKNOWN: what was not
 * exercised is not known to hold (HX-11).
 */
export function overallVerdict(runs: readonly RunRecord[]): Verdict {
  return mergeVerdicts(runs.map((run) => (run.vacuous && run.verdict === "PASS" ? "UNKNOWN" : run.verdict)));
}
