import fc from "fast-check";
import { expect, test } from "vitest";
import { CHUNK_BYTES, isZero, SparseBytes } from "../world/sim/disk/sparse-bytes.ts";
import { Allocated } from "./allocated.ts";

const CHUNKS = 5;
const SECTOR = 512;
const sizeBytes = CHUNKS * CHUNK_BYTES;

test("what it does not meet is all zeros, and it meets whatever is not", () => {
  const sector = fc.integer({ min: 0, max: sizeBytes / SECTOR - 1 });
  const range = fc.tuple(sector, fc.integer({ min: 1, max: 400 }));
  fc.assert(
    fc.property(
      fc.array(sector, { maxLength: 6 }),
      fc.array(range, { maxLength: 4 }),
      range,
      (written, zeroed, asked) => {
        const [bytes, model] = [new SparseBytes(sizeBytes), new Uint8Array(sizeBytes)];
        for (const at of written) {
          bytes.put(at * SECTOR, new Uint8Array(SECTOR).fill(1));
          model.fill(1, at * SECTOR, (at + 1) * SECTOR);
        }
        for (const [first, count] of zeroed) {
          const lengthBytes = Math.min(count * SECTOR, sizeBytes - first * SECTOR);
          bytes.zero(first * SECTOR, lengthBytes);
          model.fill(0, first * SECTOR, first * SECTOR + lengthBytes);
        }
        expect(Buffer.compare(bytes.copy(0, sizeBytes), model)).toBe(0);
        const [first, count] = asked;
        const lengthBytes = Math.min(count * SECTOR, sizeBytes - first * SECTOR);
        const meets = new Allocated({ sizeBytes, allocatedRanges: () => bytes.allocatedRanges() }).meets(
          first * SECTOR,
          lengthBytes,
        );
        const holdsAny = !isZero(model.subarray(first * SECTOR, first * SECTOR + lengthBytes));
        expect(meets || !holdsAny).toBe(true);
        // It says so by whole chunks, as they are allocated.
        expect(meets).toBe(!bytes.isEmpty(first * SECTOR, lengthBytes));
      },
    ),
  );
});

test("a disk that cannot say where it holds anything holds something everywhere", () => {
  expect(new Allocated({ sizeBytes }).meets(sizeBytes - SECTOR, SECTOR)).toBe(true);
});
