import type { Verdict } from "../history/run-record.ts";

/** What the command line tells the shell (rule 10). */
export const EXIT = {
  pass: 0,
  failures: 1,
  incomplete: 2,
  interrupted: 130,
  usage: 254,
  internal: 255,
} as const;

/** @param verdict of all runs together */
export function exitCodeOf(verdict: Verdict): number {
  switch (verdict) {
    case "PASS":
      return EXIT.pass;
    case "FAIL":
      return EXIT.failures;
    case "ERROR":
      return EXIT.internal;
    // Nothing executed is never a pass, whatever the reason.
    case "UNKNOWN":
    case "SKIPPED":
    case "NOT_APPLICABLE":
    case "WAIVED":
      return EXIT.incomplete;
  }
}
