import type { Consents } from "./consents.ts";
import type { Model } from "./model.ts";
import type { PairSide, PairState } from "./pair-state.ts";

/** Invariant G: two ends that both take writes lose those of one of them; only an operator may bring that about. */
export function checkPrimaries(model: Model, consents: Consents, pair: PairState): void {
  // What two systems said at different moments may be of before and after a change of roles.
  if (pair.isLocal || !model.isInStep) return;
  const isPrimary = ({ disk, report }: PairSide): boolean =>
    report?.role === "primary" && model.live(disk.system) !== undefined;
  if (!pair.sides.every(isPrimary) || consents.tookOver(pair)) return;
  model.findings.count("G");
  model.findings.fail("G", pair.config.name, "both ends are primary, and nobody took over", () => []);
}
