import fc from "fast-check";
import { expect, test } from "vitest";
import { checkLaw } from "../testing/check-law.ts";
import { CodecError } from "./byte-codec.ts";
import { isZero, readZeroPayload, zeroPayload } from "./zero-range.ts";

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

test("the length of a range is read as it was written; a payload of another size is none", () => {
  checkLaw(
    fc.property(fc.maxSafeNat(), (lengthBytes) => {
      const payload = zeroPayload(lengthBytes);
      expect([payload.length, readZeroPayload(payload)]).toEqual([8, lengthBytes]);
      for (const other of [payload.subarray(1), Uint8Array.of(...payload, 0)])
        expect(() => readZeroPayload(other)).toThrow(CodecError);
    }),
  );
});
