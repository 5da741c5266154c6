import fc from "fast-check";
import { expect, test } from "vitest";
import { checkLaw } from "../testing/check-law.ts";
import { numberedPayload, readNumbered } from "./change-number.ts";
import { PAYLOAD_BYTES_MAX } from "./frame.ts";

test("a change's number comes with its payload and leaves it as it was", () => {
  checkLaw(
    fc.property(
      fc.nat({ max: 0xffff_ffff }),
      fc.maxSafeNat(),
      fc.uint8Array({ maxLength: 40 }),
      (journalId, lsn, rest) => {
        const number = { journalId, lsn };
        expect(readNumbered(numberedPayload(number, rest) ?? new Uint8Array(0))).toEqual({ number, rest });
      },
    ),
  );
});

test("a payload that leaves no room for the number goes without it", () => {
  const number = { journalId: 1, lsn: 2 };
  expect(numberedPayload(number, new Uint8Array(PAYLOAD_BYTES_MAX - 12))).toHaveLength(PAYLOAD_BYTES_MAX);
  expect(numberedPayload(number, new Uint8Array(PAYLOAD_BYTES_MAX - 11))).toBeUndefined();
});
