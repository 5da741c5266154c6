import fc from "fast-check";
import { expect, test } from "vitest";
import { EngineError } from "../errors.ts";
import { checkLaw } from "../testing/check-law.ts";
import { fromHex, toHex } from "../testing/hex.ts";
import { names } from "../testing/pair-states.ts";
import { ByteWriter, CodecError } from "../wire/byte-codec.ts";
import { decodeResult, encodeResult } from "./command-result.ts";

const errors = fc.option(
  fc.oneof(
    names.map((pair) => new EngineError("PAIR_UNKNOWN", { pair })),
    fc.tuple(names, names).map(([pair, command]) => new EngineError("LINK_DOWN", { pair, command })),
    fc.nat().map((sizeBytes) => new EngineError("META_TOO_SMALL", { neededBytes: 512, sizeBytes })),
  ),
  { nil: undefined },
);

test("a result arrives as it was given, code, context, message and all; no part of one passes", () => {
  checkLaw(
    fc.property(fc.nat({ max: 0xffff_ffff }), errors, fc.nat(), (number, error, pick) => {
      const bytes = encodeResult({ number, error });
      const found = decodeResult(bytes);
      expect([found.number, found.error?.code, found.error?.context]).toEqual([number, error?.code, error?.context]);
      expect(found.error?.message).toBe(error?.message);
      expect(() => decodeResult(bytes.subarray(0, pick % bytes.length))).toThrow(CodecError);
      expect(() => decodeResult(Uint8Array.of(...bytes, 0))).toThrow(CodecError);
    }),
  );
});

test("golden bytes of success, both ways", () => {
  expect(toHex(encodeResult({ number: 7, error: undefined }))).toBe("070000000000");
  expect(decodeResult(fromHex("070000000000"))).toEqual({ number: 7, error: undefined });
});

test.each([
  ["an error code that there is not", "NO_SUCH_CODE", "{}"],
  ["a context that is not JSON", "BUSY", "{"],
  ["a context that is no object", "BUSY", "7"],
  ["a context of null", "BUSY", "null"],
])("%s is the peer's fault", (_, code, context) => {
  const payload = new ByteWriter().u32(1).text(code).text(context).bytes();
  expect(() => decodeResult(payload)).toThrow(CodecError);
});
