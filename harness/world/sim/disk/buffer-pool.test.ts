import fc from "fast-check";
import { expect, test } from "vitest";
import { BufferPool } from "./buffer-pool.ts";

test("a buffer is long enough, a power of two, and nobody else's until it is given back", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(2_000_000), { maxLength: 20 }), (lengths) => {
      const pool = new BufferPool();
      for (let round = 0; round < 2; round++) {
        const taken = lengths.map((length) => pool.take(length));
        expect(new Set(taken.map(({ buffer }) => buffer)).size).toBe(taken.length);
        for (const [index, buffer] of taken.entries()) {
          const length = lengths[index] as number;
          expect(buffer.length).toBeGreaterThanOrEqual(length);
          if (length <= 1024 * 1024) expect(buffer.length).toBe(Math.max(4096, 2 ** Math.ceil(Math.log2(length))));
        }
        for (const buffer of taken) pool.release(buffer);
      }
    }),
  );
});

test("what is given back is taken again, up to the bound of what may lie idle", () => {
  const pool = new BufferPool();
  const given = Array.from({ length: 20 }, () => pool.take(1024 * 1024));
  for (const buffer of given) pool.release(buffer);
  const again = new Set(Array.from({ length: 20 }, () => pool.take(1024 * 1024)));
  expect(given.filter((buffer) => again.has(buffer)).length).toBe(16);
});
