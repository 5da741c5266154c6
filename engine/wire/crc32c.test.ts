import fc from "fast-check";
import { expect, test } from "vitest";
import { checkLaw } from "../testing/check-law.ts";
import { crc32c as chosenCrc32c } from "./crc32c.ts";
import { portableCrc32c } from "./portable-crc32c.ts";

const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);

const crcs = [
  ["chosen", chosenCrc32c],
  ["portable", portableCrc32c],
] as const;

test.each(crcs)("the %s one is CRC-32C: the check value and the vectors of RFC 3720, appendix B.4", (_, crc32c) => {
  expect(crc32c(ascii("123456789")).toString(16)).toBe("e3069283");
  expect(crc32c(new Uint8Array(32)).toString(16)).toBe("8a9136aa");
  expect(crc32c(new Uint8Array(32).fill(0xff)).toString(16)).toBe("62a8ab43");
  expect(crc32c(Uint8Array.from({ length: 32 }, (_, index) => index)).toString(16)).toBe("46dd794e");
  expect(crc32c()).toBe(0);
});

test("here the chosen one is native", () => {
  expect(chosenCrc32c).not.toBe(portableCrc32c);
});

test.each(crcs)("by the %s one parts hash as the whole", (_, crc32c) => {
  checkLaw(
    fc.property(fc.array(fc.uint8Array({ maxLength: 40 })), (parts) => {
      expect(crc32c(...parts)).toBe(crc32c(Uint8Array.from(parts.flatMap((part) => [...part]))));
    }),
  );
});

test("both say the same of any bytes", () => {
  checkLaw(
    fc.property(fc.array(fc.uint8Array({ maxLength: 300 })), (parts) => {
      expect(chosenCrc32c(...parts)).toBe(portableCrc32c(...parts));
    }),
  );
});
