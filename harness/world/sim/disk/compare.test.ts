import fc from "fast-check";
import { expect, test } from "vitest";
import { contentDigest, differences, firstDifference } from "./compare.ts";
import { SparseBytes } from "./sparse-bytes.ts";

const SECTOR = 512;
const SECTORS = 2 * 128 + 9;
const write = fc.record({
  sector: fc.nat(SECTORS - 1),
  count: fc.integer({ min: 1, max: 140 }),
  byte: fc.nat(2),
  /** Of the first sector, one byte differs from the rest. */
  odd: fc.nat(SECTOR - 1),
});
const writes = fc.array(write, { maxLength: 12 });
type Write = typeof write extends fc.Arbitrary<infer T> ? T : never;

function made(sequence: readonly Write[]): { sparse: SparseBytes; dense: Uint8Array } {
  const sparse = new SparseBytes(SECTORS * SECTOR);
  const dense = new Uint8Array(SECTORS * SECTOR);
  for (const { sector, count, byte, odd } of sequence) {
    const sectors = Math.min(count, SECTORS - sector, 128 - (sector % 128));
    const data = new Uint8Array(sectors * SECTOR).fill(byte);
    data[odd] = 3;
    sparse.putPiece(sector * SECTOR, data);
    dense.set(data, sector * SECTOR);
  }
  return { sparse, dense };
}

test("differences are those of the plain bytes, on ranges anywhere on either side", () => {
  const window = fc.tuple(fc.nat(40), fc.nat(40), fc.nat(SECTORS - 40));
  fc.assert(
    fc.property(writes, writes, window, (left, right, [leftAt, rightAt, length]) => {
      const one = made(left);
      // Often nearly equal: the other side repeats the first one's writes.
      const other = made([...left.slice(0, right.length % 3 === 0 ? 0 : left.length), ...right]);
      const range = {
        leftOffsetBytes: leftAt * SECTOR,
        rightOffsetBytes: rightAt * SECTOR,
        lengthBytes: length * SECTOR,
      };
      const a = one.dense.subarray(range.leftOffsetBytes, range.leftOffsetBytes + range.lengthBytes);
      const b = other.dense.subarray(range.rightOffsetBytes, range.rightOffsetBytes + range.lengthBytes);
      expect(firstDifference(one.sparse, other.sparse, range)).toBe(a.findIndex((byte, index) => byte !== b[index]));
      const differing = new Set<number>();
      for (let at = 0; at < a.length; at++) if (a[at] !== b[at]) differing.add(Math.floor(at / SECTOR));
      const runs = differences(one.sparse, other.sparse, range);
      const found = runs.flatMap(({ offsetBytes, lengthBytes }) =>
        Array.from({ length: lengthBytes / SECTOR }, (_, index) => offsetBytes / SECTOR + index),
      );
      expect(found).toEqual([...differing].sort((one, two) => one - two));
      for (const [index, run] of runs.entries()) {
        const before = runs[index - 1];
        if (before !== undefined) expect(before.offsetBytes + before.lengthBytes).toBeLessThan(run.offsetBytes);
      }
    }),
    { seed: 5, numRuns: 200 },
  );
});

test("equal content has equal digests, whatever is allocated; one bit changes it", () => {
  fc.assert(
    fc.property(writes, fc.nat(SECTORS * SECTOR - 1), (sequence, at) => {
      const one = made(sequence);
      const other = new SparseBytes(one.sparse.sizeBytes);
      for (let start = 0; start < one.dense.length; start += SECTOR) {
        other.putPiece(start, new Uint8Array(SECTOR).fill(9));
        other.putPiece(start, one.dense.subarray(start, start + SECTOR));
      }
      expect(contentDigest(other)).toBe(contentDigest(one.sparse));
      other.putPiece(at, Uint8Array.of((one.dense[at] as number) ^ 16));
      expect(contentDigest(other)).not.toBe(contentDigest(one.sparse));
    }),
    { seed: 6, numRuns: 50 },
  );
});

test("the list of differences ends at its bound; unlike sizes need a range", () => {
  const one = new SparseBytes(64 * SECTOR);
  const other = new SparseBytes(64 * SECTOR);
  for (let sector = 0; sector < 64; sector += 2) one.putPiece(sector * SECTOR, new Uint8Array(SECTOR).fill(1));
  expect(differences(one, other)).toHaveLength(32);
  expect(differences(one, other, undefined, 5)).toHaveLength(5);
  expect(() => firstDifference(one, new SparseBytes(SECTOR))).toThrow("sizes differ");
});
