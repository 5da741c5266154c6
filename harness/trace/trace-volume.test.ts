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
    fc.property(fc.array(anyEntry, { maxLength: 12 }), fc.nat(VOLUME_SECTORS * 512 - 1), (entries, changedAt) => {
      const flat = new Uint8Array(VOLUME_SECTORS * 512);
      const sparse = new TraceVolume(flat.length);
      for (const entry of entries) {
        applyEntry(flat, entry);
        sparse.apply(entry);
      }
      const rebuilt = new Uint8Array(flat.length);
      for (const { offsetBytes, data } of sparse.ranges()) rebuilt.set(data, offsetBytes);
      expect(Buffer.from(rebuilt).equals(flat)).toBe(true);
      expect(sparse.firstDifference(flat)).toBeUndefined();
      flat[changedAt] = (flat[changedAt] ?? 0) ^ 1;
      expect(sparse.firstDifference(flat)).toBe(changedAt);
    }),
    { numRuns: 50 },
  );
});

test("a volume that nothing was written to has no ranges", () => {
  expect([...new TraceVolume(64 * 1024 * 1024).ranges()]).toEqual([]);
});
