import type { Blow } from "../crash-point.ts";
import type { EndedCase } from "./case-groups.ts";
import { casesAt, type ExhaustCase, firstOfEach, plainCasesAt } from "./cases.ts";
import type { SeenPoint } from "./point-watch.ts";
import type { CaseBase, CaseRequest, CaseResult } from "./run-case.ts";

export interface SearchOptions {
  readonly blows: readonly Blow[];
  readonly stride: number;
  /** Runs with one blow at most; and as many with two. */
  readonly limit: number;
  readonly pairs: boolean;
  /** Every subset of so many sectors, or parts. */
  readonly wholeMax: number;
  /** Contents that a loss of power may leave which are tried at one point; none: chance decides. */
  readonly subsetsMax: number;
}

/** What losses of power could leave, over all points that were tried. */
export interface TornTotals {
  /** Points by how their subsets are chosen. */
  readonly sectors: number;
  readonly parts: number;
  readonly classes: number;
  /** At most so many sectors, or parts, and all subsets are tried. */
  readonly wholeMax: number;
  readonly sectorsMax: number;
  /** Subsets that leave the same as another one of their point: run once. */
  readonly same: number;
  /** Contents left out, as a point has too many of them. */
  readonly leftOut: number;
}

export interface PairTotals {
  /** First blows at all points; of so many kinds; of each kind the first was tried. */
  readonly first: number;
  readonly firstKinds: number;
  /** Points after these; blows there, of so many kinds after each; of each kind the first is tried. */
  readonly second: number;
  readonly secondKinds: number;
  readonly runs: number;
  readonly passed: number;
  /** Kinds that are left out by the limit. */
  readonly leftOut: number;
}

/** Does runs: gives their results in order, fewer after an interrupt. */
export type RunRequests = (name: string, base: CaseBase, requests: readonly CaseRequest[]) => Promise<CaseResult[]>;

export interface SearchResult {
  /** Of the run without a blow; undefined after an interrupt. */
  readonly first: CaseResult | undefined;
  readonly base: CaseBase;
  readonly total: number;
  readonly single: readonly EndedCase[];
  /** Runs with one blow that were to be done; fewer ended after an interrupt. */
  readonly plannedCount: number;
  readonly leftOut: number;
  readonly torn: TornTotals | undefined;
  readonly second: readonly EndedCase[];
  readonly pairs: PairTotals | undefined;
}

/** The points of one run lie in it; a little longer, and one that is not reached is given up. */
const REACHED_WITHIN_MS = 1_000;
/** The longest that a plan may wait: no run is longer. */
const WITHIN_MS_MAX = 3_600_000;

/** Tries every point of a scenario: the same options and results, the same requests. */
export async function searchPoints(start: CaseBase, options: SearchOptions, run: RunRequests): Promise<SearchResult> {
  const { blows, stride, limit, wholeMax, subsetsMax } = options;
  const isTorn = subsetsMax > 0 && blows.includes("power");
  const watch = { points: "all", ...(isTorn ? { bounds: { wholeMax, subsetsMax } } : {}) } as const;
  const [first] = await run("the run without a blow", start, [{ index: 0, points: [], watch }]);
  const seen = first?.seen ?? [];
  const base: CaseBase = {
    ...start,
    withinMs: withinOf(first?.virtualMs ?? 0),
  };
  const nothing = { first, base, total: seen.length, single: [], plannedCount: 0, leftOut: 0, second: [] };
  if (first?.verdict !== "PASS") return { ...nothing, torn: undefined, pairs: undefined };
  const tried = seen.filter((_point, index) => index % stride === 0);
  const all = tried.flatMap((point) => casesAt(point, blows));
  const cases = evenly(all, limit);
  const single = await ended("one blow", base, cases, run, 1);
  const torn = isTorn ? tornTotals(tried, wholeMax) : undefined;
  const found = { ...nothing, single, plannedCount: cases.length, leftOut: all.length - cases.length, torn };
  if (!options.pairs) return { ...found, pairs: undefined };
  const { failedFirsts, ...after } = await searchPairs(base, tried, options, run, cases.length + 1);
  // The limit may have left them out before.
  return {
    ...found,
    ...after,
    single: [...single, ...failedFirsts],
    plannedCount: found.plannedCount + failedFirsts.length,
  };
}

function withinOf(virtualMs: number): number {
  return Math.min(WITHIN_MS_MAX, Math.ceil(virtualMs) + REACHED_WITHIN_MS);
}

async function searchPairs(
  base: CaseBase,
  seen: readonly SeenPoint[],
  { blows, limit }: SearchOptions,
  run: RunRequests,
  firstIndex: number,
): Promise<Pick<SearchResult, "second" | "pairs"> & { readonly failedFirsts: readonly EndedCase[] }> {
  const firsts = firstOfEach(seen).flatMap((point) => plainCasesAt(point, blows));
  const requests = firsts.map((point, at): CaseRequest => {
    return { index: firstIndex + at, points: [point], watch: { points: "after" } };
  });
  const results = await run("the first blows of pairs", base, requests);
  const all = results.flatMap(({ index, seen: after = [] }): ExhaustCase[] => {
    const before = firsts[index - firstIndex];
    if (before === undefined) return [];
    return after.flatMap((point) => plainCasesAt(point, blows).map((next) => ({ points: [before, next] })));
  });
  const cases = evenly(all, limit);
  // A run with a blow takes longer than one without.
  const lastMs = results.reduce((last, { virtualMs }) => Math.max(last, virtualMs), 0);
  const later = { ...base, withinMs: Math.max(base.withinMs, withinOf(lastMs)) };
  const second = await ended("pairs", later, cases, run, firstIndex + firsts.length);
  const failedFirsts = results.flatMap((result): EndedCase[] => {
    const point = firsts[result.index - firstIndex];
    return result.verdict === "PASS" || point === undefined ? [] : [{ of: { points: [point] }, base, result }];
  });
  return {
    failedFirsts,
    second,
    pairs: {
      first: seen.flatMap((point) => plainCasesAt(point, blows)).length,
      firstKinds: firsts.length,
      second: results.reduce((sum, { seenCount = 0 }) => sum + seenCount, 0),
      secondKinds: all.length,
      runs: second.length,
      passed: second.filter(({ result }) => result.verdict === "PASS").length,
      leftOut: all.length - cases.length,
    },
  };
}

async function ended(
  name: string,
  base: CaseBase,
  cases: readonly ExhaustCase[],
  run: RunRequests,
  firstIndex: number,
): Promise<EndedCase[]> {
  const results = await run(
    name,
    base,
    cases.map(({ points }, at) => ({ index: firstIndex + at, points })),
  );
  return results.flatMap((result) => {
    const of = cases[result.index - firstIndex];
    return of === undefined ? [] : [{ of, base, result }];
  });
}

function tornTotals(seen: readonly SeenPoint[], wholeMax: number): TornTotals {
  const moments = seen.flatMap(({ torn }) => (torn === undefined ? [] : [torn]));
  const count = (grain: string): number => moments.filter((moment) => moment.grain === grain).length;
  return {
    sectors: count("sectors"),
    parts: count("parts"),
    classes: count("classes"),
    wholeMax,
    sectorsMax: moments.reduce((most, { sectorCount }) => Math.max(most, sectorCount), 0),
    same: moments.reduce((sum, { sameCount }) => sum + sameCount, 0),
    leftOut: moments.reduce((sum, { leftOutCount }) => sum + leftOutCount, 0),
  };
}

/** As many as there is room for, over the whole length. */
function evenly<T>(items: readonly T[], countMax: number): readonly T[] {
  if (items.length <= countMax) return items;
  return Array.from({ length: countMax }, (_none, index) => items[Math.floor((index * items.length) / countMax)] as T);
}
