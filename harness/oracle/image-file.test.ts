import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { writeImageFile } from "./image-file.ts";

const directory = mkdtempSync(join(tmpdir(), "resilver-image-test-"));
const path = join(directory, "image");
afterAll(() => rmSync(directory, { recursive: true }));

const BLOCK_BYTES = 16;
const BLOCKS = 2000;

test("an image file holds its ranges and zeros elsewhere, whatever their order", () => {
  const anyBlocks = fc.uniqueArray(fc.nat(BLOCKS - 1), { maxLength: 40 });
  fc.assert(
    fc.property(anyBlocks, fc.nat(BLOCKS - 1), fc.integer({ min: 0, max: 1200 }), (scattered, runStart, runLength) => {
      const run = Array.from({ length: Math.min(runLength, BLOCKS - runStart) }, (_, at) => runStart + at);
      const blocks = [...run, ...scattered.filter((block) => !run.includes(block))];
      const expected = new Uint8Array(BLOCKS * BLOCK_BYTES);
      const ranges = blocks.map((block) => {
        const data = new Uint8Array(BLOCK_BYTES).fill(1 + (block % 255));
        expected.set(data, block * BLOCK_BYTES);
        return { offsetBytes: block * BLOCK_BYTES, data };
      });
      rmSync(path, { force: true });
      writeImageFile(path, { sizeBytes: expected.length, ranges: () => ranges });
      expect(readFileSync(path).equals(expected)).toBe(true);
    }),
    { numRuns: 60 },
  );
});

test("a range outside the volume is a bug of the caller", () => {
  rmSync(path, { force: true });
  const content = { sizeBytes: 100, ranges: () => [{ offsetBytes: 90, data: new Uint8Array(11) }] };
  expect(() => writeImageFile(path, content)).toThrow("range 90 + 11 lies outside 100 bytes");
});
