import fc from "fast-check";
import { expect, test } from "vitest";
import { SECTOR_BYTES } from "../../engine/ports/index.ts";
import { hashSectors, ZERO_HASH } from "./sector-hash.ts";

function hashesOf(bytes: Uint8Array): number[] {
  const hashes = new Float64Array(bytes.length / SECTOR_BYTES);
  hashSectors(bytes, hashes);
  return [...hashes];
}

const sector = fc.uint8Array({ minLength: SECTOR_BYTES, maxLength: SECTOR_BYTES });

test("a hash depends on the bytes alone: not on where they lie, nor on their neighbours", () => {
  fc.assert(
    fc.property(fc.array(sector, { minLength: 1, maxLength: 4 }), fc.nat(7), (parts, shift) => {
      const memory = new Uint8Array(parts.length * SECTOR_BYTES + 8);
      const bytes = memory.subarray(shift, shift + parts.length * SECTOR_BYTES);
      for (const [index, part] of parts.entries()) bytes.set(part, index * SECTOR_BYTES);
      expect(hashesOf(bytes)).toEqual(parts.flatMap(hashesOf));
    }),
  );
});

test("any bit that flips changes it", () => {
  fc.assert(
    fc.property(sector, fc.nat(SECTOR_BYTES * 8 - 1), (bytes, bit) => {
      const flipped = bytes.slice();
      flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7));
      expect(hashesOf(flipped)).not.toEqual(hashesOf(bytes));
    }),
  );
});

test("a change of two words in one lane does not cancel out", () => {
  const seen = new Set<number>();
  for (let one = 0; one < 32; one++) {
    for (let two = 0; two < 32; two++) {
      const bytes = new Uint8Array(SECTOR_BYTES);
      bytes[one * 16] = (bytes[one * 16] as number) + 1;
      bytes[two * 16] = (bytes[two * 16] as number) + 2;
      seen.add(hashesOf(bytes)[0] as number);
    }
  }
  expect(seen.size).toBe(1024);
});

test("zeros are known, longer than one piece and off alignment too", () => {
  const memory = new Uint8Array(300 * SECTOR_BYTES + 1);
  expect(new Set(hashesOf(memory.subarray(0, 300 * SECTOR_BYTES)))).toEqual(new Set([ZERO_HASH]));
  expect(new Set(hashesOf(memory.subarray(1)))).toEqual(new Set([ZERO_HASH]));
});
