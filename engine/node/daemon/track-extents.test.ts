import fc from "fast-check";
import { expect, test } from "vitest";
import { checkLaw } from "../../testing/check-law.ts";
import { Bitmap } from "../../volume/bitmap.ts";
import { trackExtents } from "./track-extents.ts";

const SECTOR = 512;

test("extents tell of every byte of the range what the tracks say, in order, and never more than asked for", () => {
  const requests = fc
    .record({
      tracks: fc.integer({ min: 1, max: 40 }),
      sectorsPerTrack: fc.constantFrom(1, 2, 16),
      set: fc.array(fc.nat({ max: 39 })),
      from: fc.nat({ max: 1000 }),
      length: fc.integer({ min: 1, max: 1000 }),
      countMax: fc.integer({ min: 1, max: 12 }),
      tail: fc.nat({ max: 15 }),
    })
    .map((picked) => {
      const trackBytes = picked.sectorsPerTrack * SECTOR;
      // The last track may be cut off.
      const sectors = picked.tracks * picked.sectorsPerTrack - (picked.tail % picked.sectorsPerTrack);
      const from = picked.from % sectors;
      const length = Math.min(picked.length, sectors - from);
      return { ...picked, trackBytes, sectors, from, length };
    });
  checkLaw(
    fc.property(requests, ({ tracks, trackBytes, set, sectors, from, length, countMax }) => {
      const bitmap = new Bitmap(tracks);
      for (const track of set) bitmap.set(track % tracks);
      const view = {
        trackBytes,
        has: (track: number) => bitmap.has(track),
        indices: (first: number) => bitmap.indices(first),
      };
      const request = { offsetBytes: from * SECTOR, lengthBytes: length * SECTOR, countMax, marked: 1 };
      const extents = trackExtents(view, sectors * SECTOR, request);
      expect(extents.length).toBeGreaterThan(0);
      expect(extents.length).toBeLessThanOrEqual(countMax);
      let at = request.offsetBytes;
      for (const { lengthBytes, flags } of extents) {
        expect(lengthBytes).toBeGreaterThan(0);
        for (let byte = at; byte < at + lengthBytes; byte += SECTOR)
          expect([byte, flags]).toEqual([byte, bitmap.has(Math.floor(byte / trackBytes)) ? 1 : 0]);
        at += lengthBytes;
      }
      const end = request.offsetBytes + request.lengthBytes;
      expect(at).toBeLessThanOrEqual(end);
      // Neighbours differ, so nothing shorter would do; and all is told where there is room for it.
      for (const [index, { flags }] of extents.entries()) expect(flags).not.toBe(extents[index + 1]?.flags);
      if (extents.length < countMax) expect(at).toBe(end);
    }),
  );
});
