import fc from "fast-check";
import { expect, test } from "vitest";
import { AssertionError } from "../assert.ts";
import { checkLaw } from "../testing/check-law.ts";
import { fromHex, toHex } from "../testing/hex.ts";
import { names } from "../testing/pair-states.ts";
import { ByteReader, ByteWriter, CodecError } from "./byte-codec.ts";

const COLOURS = ["red", "green", "blue"] as const;

type Field =
  | readonly ["u8" | "u16" | "u32" | "u64", number]
  | readonly ["bool", boolean]
  | readonly ["text", string]
  | readonly ["raw", Uint8Array]
  | readonly ["oneOf", (typeof COLOURS)[number]];

const fields: fc.Arbitrary<Field[]> = fc.array(
  fc.oneof(
    fc.tuple(fc.constant("u8" as const), fc.nat({ max: 0xff })),
    fc.tuple(fc.constant("u16" as const), fc.nat({ max: 0xffff })),
    fc.tuple(fc.constant("u32" as const), fc.nat({ max: 0xffff_ffff })),
    fc.tuple(fc.constant("u64" as const), fc.maxSafeNat()),
    fc.tuple(fc.constant("bool" as const), fc.boolean()),
    fc.tuple(fc.constant("text" as const), fc.oneof(names, fc.string())),
    fc.tuple(fc.constant("raw" as const), fc.uint8Array({ maxLength: 40 })),
    fc.tuple(fc.constant("oneOf" as const), fc.constantFrom(...COLOURS)),
  ),
);

function encode(list: readonly Field[], capacityBytes?: number): Uint8Array {
  const writer = new ByteWriter(capacityBytes);
  for (const [kind, value] of list) {
    if (kind === "oneOf") writer.u8(COLOURS.indexOf(value));
    else if (kind === "bool") writer.bool(value);
    else if (kind === "text") writer.text(value);
    else if (kind === "raw") writer.raw(value);
    else writer[kind](value);
  }
  return writer.bytes();
}

/** Reads the same kinds of fields again, to the very end. */
function decode(bytes: Uint8Array, list: readonly Field[]): unknown[] {
  const reader = new ByteReader(bytes);
  const values = list.map(([kind, value]) => {
    if (kind === "oneOf") return reader.oneOf(COLOURS);
    return kind === "raw" ? reader.raw(value.length) : reader[kind]();
  });
  reader.end();
  return values;
}

test("what was written is read, from any place in a larger buffer and from any first capacity", () => {
  checkLaw(
    fc.property(fields, fc.nat({ max: 9 }), (list, shift) => {
      const values = list.map(([, value]) => value);
      const bytes = encode(list, shift);
      const larger = new Uint8Array(bytes.length + 2 * shift).fill(0xee);
      larger.set(bytes, shift);
      expect(decode(larger.subarray(shift, shift + bytes.length), list)).toEqual(values);
    }),
  );
});

test("any byte missing or too many is refused", () => {
  checkLaw(
    fc.property(fields, fc.nat(), (list, pick) => {
      const bytes = encode(list);
      if (bytes.length > 0) expect(() => decode(bytes.subarray(0, pick % bytes.length), list)).toThrow(CodecError);
      expect(() => decode(Uint8Array.of(...bytes, 0), list)).toThrow(CodecError);
    }),
  );
});

test("golden bytes, both ways", () => {
  const list: readonly Field[] = [
    ["u8", 0xfe],
    ["u16", 0x1234],
    ["u32", 0xdead_beef],
    ["u64", Number.MAX_SAFE_INTEGER],
    ["bool", true],
    ["text", "pvol é"],
    ["text", "svol"],
    ["oneOf", "blue"],
  ];
  const golden = "fe 3412 efbeadde ffffffffffff1f00 01 0700 70766f6c20c3a9 0400 73766f6c 02";
  expect(toHex(encode(list))).toBe(golden.replaceAll(" ", ""));
  expect(decode(fromHex(golden), list)).toEqual(list.map(([, value]) => value));
});

test.each([
  ["a number of 2^53", "0000000000002000", (reader: ByteReader) => reader.u64()],
  ["a truth value of 2", "02", (reader: ByteReader) => reader.bool()],
  ["a choice that there is not", "03", (reader: ByteReader) => reader.oneOf(COLOURS)],
  ["text that is not UTF-8", "0200c328", (reader: ByteReader) => reader.text()],
  ["text longer than what is left", "0300c3a9", (reader: ByteReader) => reader.text()],
])("%s is refused", (_, hex, read) => {
  expect(() => read(new ByteReader(fromHex(hex)))).toThrow(CodecError);
});

test("text is read as it was written, a byte order mark included", () => {
  expect(new ByteReader(new ByteWriter().text("\ufeffpvol").bytes()).text()).toBe("\ufeffpvol");
});

test("what has no encoding is not written", () => {
  for (const value of [-1, 0.5, Number.NaN, 2 ** 53]) expect(() => new ByteWriter().u64(value)).toThrow(AssertionError);
  expect(() => new ByteWriter().text("x".repeat(0x1_0000))).toThrow(AssertionError);
});

test("zeros are written as so many bytes, between others", () => {
  const bytes = new ByteWriter(1).u8(7).zeros(5).u8(8).bytes();
  expect(bytes).toEqual(Uint8Array.of(7, 0, 0, 0, 0, 0, 8));
});
