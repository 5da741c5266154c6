import fc from "fast-check";
import { expect, test } from "vitest";
import { RangeLocks } from "./range-locks.ts";

test("ranges that overlap are held by one at a time, in order of asking, and everybody has a turn", async () => {
  const asks = fc.array(fc.tuple(fc.nat(20), fc.integer({ min: 1, max: 8 }), fc.nat(5)), { maxLength: 30 });
  await fc.assert(
    fc.asyncProperty(asks, async (list) => {
      const locks = new RangeLocks();
      const held = new Set<number>();
      const order: number[] = [];
      const overlap = (left: number, right: number): boolean => {
        const [a, b] = [list[left], list[right]];
        return a !== undefined && b !== undefined && a[0] < b[0] + b[1] && b[0] < a[0] + a[1];
      };
      await Promise.all(
        list.map(async ([offset, length, turns], index) => {
          const range = await locks.acquire(offset, length);
          for (const other of held) expect(overlap(index, other)).toBe(false);
          held.add(index);
          order.push(index);
          for (let turn = 0; turn < turns; turn++) await Promise.resolve();
          held.delete(index);
          locks.release(range);
        }),
      );
      expect(order).toHaveLength(list.length);
      for (const [at, index] of order.entries()) {
        for (const later of order.slice(at + 1)) if (overlap(index, later)) expect(index).toBeLessThan(later);
      }
    }),
  );
});
