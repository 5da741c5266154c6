import type { Failure, RunRecord } from "../history/run-record.ts";
import type { RunCoverage } from "./run-coverage.ts";

/**
 * What failures of one cause have in common: the rule that was broken, the step that a program logged last before it was
 * seen, and the kind of the last fault that struck before; `A after resync.copied under crash`. One for each rule.
 */
export function fingerprintsOf({ failures }: RunRecord, coverage: Pick<RunCoverage, "before">): string[] {
  const first = new Map<Failure["rule"], Failure>();
  for (const failure of failures) if (!first.has(failure.rule)) first.set(failure.rule, failure);
  return [...first.values()].map(({ rule, timeNs }) => {
    const { step, fault } = coverage.before(timeNs);
    return `${rule} after ${step} under ${fault}`;
  });
}
