import type { SeedKey, SeedResult } from "./seed-result.ts";

/** One seed in so many has plans derived from it. */
const PARENT_EVERY = 16;
/** Plans derived from a seed: one each with other faults, commands, stories. */
const VARIANTS = 3;
/** What more runs of a block than this reached is nothing rare. */
const RARE_MAX = 2;

/**
 * The plans to try next: derived from the seeds that reached what hardly any other seed of their block did. The same
 * results give the same plans.
 *
 * @param results of all seeds of a block, in order
 * @returns in the order of their seeds
 */
export function derivedFrom(results: readonly SeedResult[]): SeedKey[] {
  const counts = new Map<string, number>();
  for (const { reached } of results) for (const name of reached) counts.set(name, (counts.get(name) ?? 0) + 1);
  const scored = results.map(({ seed, reached }) => ({ seed, score: scoreOf(reached, counts) }));
  const parents = scored
    .filter(({ score }) => score > 0)
    .toSorted((a, b) => b.score - a.score || a.seed - b.seed)
    .slice(0, Math.floor(results.length / PARENT_EVERY))
    .map(({ seed }) => seed)
    .toSorted((a, b) => a - b);
  return parents.flatMap((seed) => Array.from({ length: VARIANTS }, (_, index) => ({ seed, variant: index + 1 })));
}

/** Whole numbers: sums of fractions would depend on their order. */
function scoreOf(reached: readonly string[], counts: ReadonlyMap<string, number>): number {
  let score = 0;
  for (const name of reached) {
    const count = counts.get(name) ?? 0;
    if (count <= RARE_MAX) score += name.startsWith("goal ") ? 8 : 3 - count;
  }
  return score;
}
