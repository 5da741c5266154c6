import type { Failure, RunRecord } from "../../history/run-record.ts";

/** Long enough to tell messages apart, and before what differs between two of the same. */
const WORDS = 6;

/**
 * What a failure is of: the invariant, or for what is none, such as an assertion of the target's program, also how its
 * message begins.
 */
export function failureKind({ rule, message }: Pick<Failure, "rule" | "message">): string {
  if (rule.length === 1) return rule;
  const words = message.replaceAll(/[^a-z ]+/giu, " ").split(/\s+/u);
  return `${rule}: ${words
    .filter((word) => word !== "")
    .slice(0, WORDS)
    .join(" ")}`;
}

/** Whether the run failed as `failure` says, whatever else failed. */
export function failsAs(record: Pick<RunRecord, "failures">, failure: Failure): boolean {
  const kind = failureKind(failure);
  return record.failures.some((one) => failureKind(one) === kind);
}

/** Whether a failure is that something did not come to rest, or to an expected end. */
export function isLiveness({ rule }: Pick<Failure, "rule">): boolean {
  return rule === "L" || rule === "expectation";
}
