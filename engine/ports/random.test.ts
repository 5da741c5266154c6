import { expect, test } from "vitest";
import { below, type Random } from "./index.ts";

/** Gives these numbers, one after the other. */
function drawing(...draws: number[]): Random {
  const random: Random = { next32: () => draws.shift() ?? 0, fork: () => random };
  return random;
}

test.each([
  // 2^32 is 1 · bound and 2^30 more: those would come up twice as often as others.
  [3 * 2 ** 30, [3 * 2 ** 30, 0xffff_ffff, 3 * 2 ** 30 - 1], 3 * 2 ** 30 - 1],
  // 2^32 is 1 more than a multiple of 5.
  [5, [0xffff_ffff, 7], 2],
  [5, [0xffff_fffe, 7], 4],
  // It is a multiple: no draw is lost.
  [2 ** 31, [0xffff_ffff, 7], 2 ** 31 - 1],
  [2 ** 32, [0xffff_ffff, 7], 0xffff_ffff],
  [1, [0xffff_ffff], 0],
])("below %i: of every draw that counts each number has as many", (bound, draws, drawn) => {
  expect(below(drawing(...draws), bound)).toBe(drawn);
});
