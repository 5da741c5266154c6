import { join } from "node:path";
import { describePoint } from "../hunt/crash-point.ts";
import type { CaseGroup, EndedCase } from "../hunt/exhaust/case-groups.ts";
import type { ShrunkFailure } from "../hunt/shrink-failure.ts";
import { planSize } from "../hunt/shrink/plan-size.ts";
import { printScenario } from "../plan/print/print-scenario.ts";
import type { ExhaustGroup } from "./exhaust-document.ts";
import type { OutDirectory } from "./out-directory.ts";
import { tokenOf } from "./replay-token.ts";

export interface GroupContext {
  readonly out: OutDirectory;
  readonly outPath: string;
  readonly calledAs: string;
  readonly seed: number;
  readonly digest: string;
  /** The replay token of a run. */
  readonly token: (of: EndedCase) => string;
}

/** The group as the document has it; what it was made small to is written as a scenario. */
export function exhaustGroup(
  { fingerprint, count, example }: CaseGroup,
  shrunk: ShrunkFailure | undefined,
  index: number,
  { out, outPath, calledAs, seed, digest, token }: GroupContext,
): ExhaustGroup {
  const failures = example.result.record?.failures ?? [];
  const failure = failures.find(({ rule }) => fingerprint.startsWith(`${rule} `)) ?? failures[0];
  const told: ExhaustGroup = {
    fingerprint,
    count,
    point: pointsText(example),
    isReached: example.result.isReached,
    message: failure === undefined ? "" : `${failure.rule}: ${failure.message.split("\n", 1)[0] ?? ""}`,
    replay: `${calledAs} replay ${token(example)}`,
  };
  if (shrunk === undefined) return told;
  const { plan, runs, isSmallest } = shrunk;
  const { steps, faults } = planSize(plan);
  const small = tokenOf({ id: `exhaust/small-${index + 1}`, seed, plan, embed: true, engineDigest: digest });
  const source = printScenario(plan, { comment: [`Seed ${seed}: ${told.message}`] });
  const scenario = join(outPath, out.scenario(`small-${index + 1}`, source));
  return { ...told, small: { steps, faults, runs, isSmallest, replay: `${calledAs} replay ${small}`, scenario } };
}

/** For people: what struck, and when. */
export function pointsText({ of: { points } }: EndedCase): string {
  return points.length === 0 ? "no blow at all" : points.map(describePoint).join(", then ");
}
