import * as fc from "fast-check";
import { expect, test } from "vitest";
import { applyEntry, type TraceEntry } from "./trace-entry.ts";
import { TraceVolume } from "./trace-volume.ts";

/** Three chunks, the last one partial. */
const VOLUME_SECTORS = 300;

const anyEntry = fc
  .tuple(fc.nat(VOLUME_SECTORS - 1), fc.integer({ min: 1, max: 200 }), fc.boolean(), fc.integer({ min: 1, max: 255 }))
  .map(([sector, count, discard, fill]): TraceEntry => {
    const lengthBytes = Math.min(count, VOLUME_SECTORS - sector) * 512;
    const data = new Uint8Array(discard ? 0 : lengthBytes).fill(fill);
    return { index: 0, offsetBytes: sector * 512, lengthBytes, flush: false, fua: false, discard, mark: "", data };
  });

test("a sparse volume holds what a flat one holds", () => {
  fc.assert(
    fc.property(fc.array(anyEntry, { maxLength: 12 }), (entries) => {
      const flat = new Uint8Array(VOLUME_SECTORS * 512);
      const sparse = new TraceVolume(flat.length);
      for (const entry of entries) {
        applyEntry(flat, entry);
        sparse.apply(entry);
      }
      expect(Buffer.from(sparse.peek(0, flat.length)).equals(flat)).toBe(true);
    }),
    { numRuns: 50 },
  );
});

test("a volume that nothing was written to takes no memory", () => {
  expect(new TraceVolume(2 ** 40).allocatedRanges()).toEqual([]);
});
