import fc from "fast-check";
import { expect, test } from "vitest";
import { type CausePoint, decided, findCause, share } from "./causality.ts";

const law = { seed: 20_261_122, numRuns: 200 };

test("a failure that one moment decides is traced to that moment, whenever it was", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 100, max: 10 ** 10 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      async (end, part) => {
        const decidedNs = Math.floor(end * part);
        const asked: number[] = [];
        const points = await findCause({
          failedNs: end,
          runsPerPoint: 4,
          sample: async (times, runs) => {
            asked.push(...times);
            return times.map((atNs) => (atNs >= decidedNs ? runs : 0));
          },
        });
        expect(points.at(-1)).toEqual({ atNs: end, failed: 4, runs: 4 });
        const { fromNs, toNs: found } = decided(points);
        expect(fromNs).toBeLessThanOrEqual(decidedNs);
        expect(found).toBeGreaterThanOrEqual(decidedNs);
        // Three looks of twelve points each, or as close as a look can make out.
        expect(found - decidedNs).toBeLessThanOrEqual(Math.max(1_000, end / 12 ** 3 + 3));
        expect([new Set(asked).size, asked.length <= 36]).toEqual([asked.length, true]);
      },
    ),
    law,
  );
});

test("a failure that nothing can avert was there from the beginning", async () => {
  const points = await findCause({
    failedNs: 9_000_000,
    runsPerPoint: 8,
    sample: async (times, runs) => times.map(() => runs),
  });
  expect(decided(points)).toEqual({ fromNs: 0, toNs: 0 });
});

test("what chance averts once in a while is not decided yet", () => {
  const points: CausePoint[] = [0, 1, 20, 18, 19, 20].map((failed, index) => ({ atNs: index * 10, failed, runs: 20 }));
  expect(decided(points)).toEqual({ fromNs: 30, toNs: 40 });
  expect(share(points[1] as CausePoint)).toBe(0.05);
});
