import { hashText, RollingHash } from "../../history/rolling-hash.ts";
import type { Verdict } from "../../history/run-record.ts";
import { mergeVerdicts } from "../../history/verdict.ts";
import type { ExhaustCase } from "./cases.ts";
import type { CaseBase, CaseResult } from "./run-case.ts";
import { TORN_KINDS, type TornKind } from "./torn-subsets.ts";

/** A case with its result. */
export interface EndedCase {
  readonly of: ExhaustCase;
  /** With which it was run: its plan is made of both. */
  readonly base: CaseBase;
  readonly result: CaseResult;
}

/** Failures of one fingerprint. */
export interface CaseGroup {
  readonly fingerprint: string;
  readonly count: number;
  /** The first of them: one with a record, of a run that failed. */
  readonly example: EndedCase;
}

/** By fingerprint, the most frequent first. */
export function groupsOf(ended: readonly EndedCase[]): CaseGroup[] {
  const groups = new Map<string, { count: number; readonly example: EndedCase }>();
  for (const one of ended) {
    for (const fingerprint of one.result.fingerprints) {
      const group = groups.get(fingerprint);
      if (group === undefined) groups.set(fingerprint, { count: 1, example: one });
      else group.count++;
    }
  }
  return [...groups]
    .map(([fingerprint, group]) => ({ fingerprint, ...group }))
    .toSorted((one, other) => other.count - one.count || (one.fingerprint < other.fingerprint ? -1 : 1));
}

/** How many losses of power were tried for which reason. */
export function tornKindsOf(ended: readonly EndedCase[]): { readonly kind: TornKind; readonly runs: number }[] {
  const counts = new Map<TornKind, number>();
  for (const { of } of ended) if (of.torn !== undefined) counts.set(of.torn, (counts.get(of.torn) ?? 0) + 1);
  return (Object.keys(TORN_KINDS) as TornKind[]).flatMap((kind) => {
    const runs = counts.get(kind);
    return runs === undefined ? [] : [{ kind, runs }];
  });
}

/** The worst of all; nothing run is no pass. */
export function verdictOf(ended: readonly EndedCase[]): Verdict {
  return ended.length === 0 ? "UNKNOWN" : mergeVerdicts(ended.map(({ result }) => result.verdict));
}

/** 16 hexadecimal digits over all results, in their order: whoever did them. */
export function outcomeOf(ended: readonly EndedCase[]): string {
  const hash = new RollingHash();
  for (const { result } of ended) {
    const { index, verdict, isReached, historyHash, fingerprints } = result;
    hash.word(hashText(JSON.stringify([index, verdict, isReached, historyHash, fingerprints])));
  }
  return hash.digest();
}
