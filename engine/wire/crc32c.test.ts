import fc from "fast-check";
import { expect, test } from "vitest";
import { checkLaw } from "../testing/check-law.ts";
import { crc32c } from "./crc32c.ts";

const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);

test("is CRC-32C: the check value and the vectors of RFC 3720, appendix B.4", () => {
  expect(crc32c(ascii("123456789")).toString(16)).toBe("e3069283");
  expect(crc32c(new Uint8Array(32)).toString(16)).toBe("8a9136aa");
  expect(crc32c(new Uint8Array(32).fill(0xff)).toString(16)).toBe("62a8ab43");
  expect(crc32c(Uint8Array.from({ length: 32 }, (_, index) => index)).toString(16)).toBe("46dd794e");
  expect(crc32c()).toBe(0);
});

test("parts hash as the whole", () => {
  checkLaw(
    fc.property(fc.array(fc.uint8Array({ maxLength: 40 })), (parts) => {
      expect(crc32c(...parts)).toBe(crc32c(Uint8Array.from(parts.flatMap((part) => [...part]))));
    }),
  );
});
