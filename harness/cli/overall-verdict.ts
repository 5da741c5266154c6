import type { RunRecord, Verdict } from "../history/run-record.ts";

const ORDER: readonly Verdict[] = ["FAIL", "ERROR", "UNKNOWN", "SKIPPED", "PASS", "NOT_APPLICABLE", "WAIVED"];

/**
 * The verdict of all runs together (rule 10). No runs are UNKNOWN, and so is a vacuous pass: what
 * was not exercised is not known to hold (HX-11).
 */
export function overallVerdict(runs: readonly RunRecord[]): Verdict {
  const verdicts = new Set(runs.map((run) => (run.vacuous && run.verdict === "PASS" ? "UNKNOWN" : run.verdict)));
  return ORDER.find((verdict) => verdicts.has(verdict)) ?? "UNKNOWN";
}
