import type { Failure } from "../history/run-record.ts";
import { INVARIANTS } from "../history/run-record.ts";
import type { Plan } from "../plan/plan.ts";

/**
 * Turns around what a negative scenario expects: the failures that its fault explains are taken
 * out, and a violation that did not happen, or is blamed on something else, becomes a failure.
 *
 * @param struck what the faults that were injected acted on, by their kind
 */
export function applyViolations(
  plan: Plan,
  failures: readonly Failure[],
  struck: ReadonlyMap<string, readonly string[]>,
): readonly Failure[] {
  let left = failures;
  const unmet: Failure[] = [];
  for (const expectation of plan.expect) {
    if (expectation.kind !== "violates") continue;
    const { invariant, fault } = expectation;
    const explained = (failure: Failure): boolean => {
      if (!isInvariant(failure)) return false;
      if (fault === undefined) return failure.rule === invariant;
      return blames(failure, fault, struck.get(fault) ?? []);
    };
    const broken = failures.filter(({ rule }) => rule === invariant);
    const met = broken.some(explained);
    // The same damage may break more than one invariant; all of it is explained, and nothing else.
    if (met) left = left.filter((failure) => !explained(failure));
    else {
      const why = broken.length === 0 ? "it held" : `no blame names the fault ${fault ?? ""}`;
      const message = `expected ${invariant} to be violated${fault === undefined ? "" : ` by ${fault}`}: ${why}`;
      unmet.push({ rule: "expectation", message, timeNs: 0, blame: [] });
    }
  }
  return [...unmet, ...left];
}

function isInvariant({ rule }: Failure): boolean {
  return INVARIANTS.some((invariant) => invariant === rule);
}

/** Some blame names the kind of the fault, or the disk or link that it struck. */
function blames(failure: Failure, kind: string, on: readonly string[]): boolean {
  return failure.blame.some(({ cause }) => cause.includes(kind) || on.some((name) => cause.includes(name)));
}
