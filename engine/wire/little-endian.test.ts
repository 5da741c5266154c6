import fc from "fast-check";
import { expect, test } from "vitest";
import { checkLaw } from "../testing/check-law.ts";
import { getU32, setU32 } from "./little-endian.ts";

test("a field is what a DataView makes of it, at any place", () => {
  checkLaw(
    fc.property(fc.integer({ min: 0, max: 0xffff_ffff }), fc.nat({ max: 5 }), (value, at) => {
      const bytes = new Uint8Array(16).fill(0xa5);
      const expected = bytes.slice();
      new DataView(expected.buffer).setUint32(at, value, true);
      setU32(bytes, at, value);
      expect(bytes).toEqual(expected);
      expect(getU32(bytes, at)).toBe(value);
    }),
  );
});
