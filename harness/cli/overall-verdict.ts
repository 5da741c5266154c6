import type { RunRecord, Verdict } from "../history/run-record.ts";

const ORDER: readonly Verdict[] = ["FAIL", "ERROR", "UNKNOWN", "SKIPPED", "PASS", "NOT_APPLICABLE", "WAIVED"];

/** The verdict of all runs together (rule 10). No runs: UNKNOWN, because nothing executed is never a pass. */
export function overallVerdict(runs: readonly RunRecord[]): Verdict {
  return ORDER.find((verdict) => runs.some((run) => run.verdict === verdict)) ?? "UNKNOWN";
}
