import fc from "fast-check";
import { expect, test } from "vitest";
import { checkLaw } from "../../testing/check-law.ts";
import { Untouched } from "./untouched.ts";

const SIZE_BYTES = 5 * 1024 * 1024 + 512;
const ranges = fc
  .tuple(fc.nat({ max: SIZE_BYTES / 512 - 1 }), fc.integer({ min: 1, max: 4096 }))
  .map(([sector, sectors]) => [sector * 512, Math.min(sectors * 512, SIZE_BYTES - sector * 512)] as const);

test("a range that something was written to is never untouched; one that is far from all of it is", () => {
  checkLaw(
    fc.property(fc.array(ranges, { maxLength: 4 }), ranges, (written, [offsetBytes, lengthBytes]) => {
      const untouched = new Untouched(SIZE_BYTES);
      for (const range of written) untouched.touch(...range);
      const distances = written.map(([at, length]) =>
        Math.max(at - offsetBytes - lengthBytes, offsetBytes - at - length),
      );
      const nearest = Math.min(Infinity, ...distances);
      if (nearest < 0) expect(untouched.has(offsetBytes, lengthBytes)).toBe(false);
      if (nearest >= 2 * 1024 * 1024) expect(untouched.has(offsetBytes, lengthBytes)).toBe(true);
    }),
  );
});
