import fc from "fast-check";
import { expect, test } from "vitest";
import { type Batch, BLOCK_SEEDS, type BlockResults, Blocks, type SeedRange, type Shard } from "./blocks.ts";
import type { SeedKey, SeedResult } from "./seed-result.ts";

const ALL: Shard = { index: 1, of: 1 };

/** What a run comes to, as a function of its key alone. */
function resultOf({ seed, variant }: SeedKey): SeedResult {
  const reached = [`step ${seed % 5}`, ...(seed % 40 === 7 ? [`step rare ${seed}`] : [])];
  const historyHash = (seed * 31 + variant).toString(16);
  return {
    seed,
    variant,
    verdict: "PASS",
    historyHash,
    events: 1,
    fingerprints: [],
    reached,
    faults: [],
    recovery: [],
  };
}

/** Does everything with some workers, of whom at each moment the one that `lots` names goes on. */
function campaign(range: SeedRange, shard: Shard, workers: number, lots: readonly number[]): BlockResults[] {
  const joined: BlockResults[] = [];
  const blocks = new Blocks(range, shard, (block) => joined.push(block));
  const hands: (Batch | undefined)[] = Array.from({ length: workers });
  for (let turn = 0; ; turn++) {
    const lot = (lots[turn % lots.length] ?? 0) % workers;
    const order = [...hands.keys()].map((at) => (at + lot) % workers);
    for (const at of order) hands[at] ??= blocks.next();
    const at = order.find((candidate) => hands[candidate] !== undefined);
    const batch = at === undefined ? undefined : hands[at];
    if (at === undefined || batch === undefined) break;
    const [key, ...rest] = batch.keys;
    if (key === undefined) throw new Error("an empty batch");
    blocks.done(batch.block, resultOf(key));
    hands[at] = rest.length > 0 ? { block: batch.block, keys: rest } : undefined;
    // Now and then a worker dies over what it has in hand.
    if (rest.length > 0 && lot === 1 && turn % 7 === 0) {
      blocks.putBack({ block: batch.block, keys: rest });
      hands[at] = undefined;
    }
  }
  blocks.end();
  return joined;
}

const ranges = fc
  .tuple(fc.nat({ max: 1000 }), fc.integer({ min: 1, max: 3 * BLOCK_SEEDS }))
  .map(([from, count]) => ({ from, to: from + count - 1 }));

test("whoever does the runs, and in whatever order, they are the same and are joined in the same order", () => {
  fc.assert(
    fc.property(
      ranges,
      fc.integer({ min: 1, max: 4 }),
      fc.array(fc.nat({ max: 3 }), { minLength: 1 }),
      (range, n, lots) => {
        expect(campaign(range, ALL, n, lots)).toEqual(campaign(range, ALL, 1, [0]));
      },
    ),
    { seed: 20_261_122, numRuns: 60 },
  );
});

test("shards are disjoint, and together the whole", () => {
  fc.assert(
    fc.property(ranges, fc.integer({ min: 1, max: 4 }), (range, of) => {
      const shards = Array.from({ length: of }, (_, index) => campaign(range, { index: index + 1, of }, 2, [0, 1]));
      const together = shards.flat().toSorted((a, b) => a.block - b.block);
      expect(together).toEqual(campaign(range, ALL, 1, [0]));
    }),
    { seed: 20_261_122, numRuns: 40 },
  );
});

test("every seed has one result, and plans are derived from those that reached something rare", () => {
  const [block] = campaign({ from: 0, to: BLOCK_SEEDS - 1 }, ALL, 1, [0]);
  const results = block?.results ?? [];
  expect(results.filter(({ variant }) => variant === 0).map(({ seed }) => seed)).toEqual(
    Array.from({ length: BLOCK_SEEDS }, (_, seed) => seed),
  );
  expect(results.filter(({ variant }) => variant > 0).map(({ seed, variant }) => `${seed}+${variant}`)).toEqual([
    ...["7+1", "7+2", "7+3", "47+1", "47+2", "47+3"],
    ...["87+1", "87+2", "87+3", "127+1", "127+2", "127+3"],
  ]);
});

test("what is not whole at the end is joined all the same, and says so", () => {
  const joined: BlockResults[] = [];
  const blocks = new Blocks({ from: 0, to: 1000 }, ALL, (block) => joined.push(block));
  const batch = blocks.next();
  for (const key of batch?.keys ?? []) blocks.done(0, resultOf(key));
  blocks.end();
  expect(joined.map(({ block, isWhole, results }) => [block, isWhole, results.length])).toEqual([
    [0, false, batch?.keys.length],
  ]);
});
