import fc from "fast-check";
import { expect, test } from "vitest";
import { hashBytes } from "../history/rolling-hash.ts";
import { stampedSectors } from "./stamp.ts";

test("a sector says who wrote it, whatever request it came in", () => {
  const args = fc.tuple(
    fc.nat(),
    fc.nat(1000),
    fc.integer({ min: 1, max: 9 }),
    fc.integer({ min: 1, max: 0xffffffff }),
  );
  fc.assert(
    fc.property(args, ([tag, sector, count, sequence]) => {
      const whole = stampedSectors(tag, sector * 512, count * 512, sequence);
      for (let index = 0; index < count; index++) {
        const one = stampedSectors(tag, (sector + index) * 512, 512, sequence);
        expect(whole.subarray(index * 512, (index + 1) * 512)).toEqual(one);
        const words = new DataView(one.buffer, one.byteOffset);
        expect([words.getUint32(8, true), words.getUint32(16, true)]).toEqual([sector + index, sequence]);
      }
    }),
  );
});

test("no two sectors of 20,000 writes are equal", () => {
  const seen = new Set<number>();
  for (let sequence = 1; sequence <= 20_000; sequence++)
    seen.add(hashBytes(stampedSectors(7, (sequence % 64) * 512, 512, sequence)));
  // 32-bit hashes of 20,000 values meet by chance 0.05 times.
  expect(seen.size).toBeGreaterThanOrEqual(19_998);
});
