import fc from "fast-check";
import { expect, test } from "vitest";
import { checkLaw } from "../testing/check-law.ts";
import { isZero } from "./zero-range.ts";

test("zero means every byte, wherever the bytes lie", () => {
  checkLaw(
    fc.property(fc.nat({ max: 7 }), fc.integer({ min: 1, max: 20 }), fc.nat(), (offset, words, pick) => {
      const lengthBytes = words * 4;
      const whole = new Uint8Array(offset + lengthBytes + 8).fill(0xff);
      const bytes = whole.subarray(offset, offset + lengthBytes).fill(0);
      expect(isZero(bytes)).toBe(true);
      bytes[pick % lengthBytes] = 1;
      expect(isZero(bytes)).toBe(false);
    }),
  );
});
