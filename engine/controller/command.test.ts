import fc from "fast-check";
import { expect, test } from "vitest";
import { checkLaw } from "../testing/check-law.ts";
import { fromHex, toHex } from "../testing/hex.ts";
import { names } from "../testing/pair-states.ts";
import { CodecError } from "../wire/byte-codec.ts";
import { decodeCommand, encodeCommand, type PrimaryCommand } from "./command.ts";

const direction = fc.constantFrom<("forward" | "reverse")[]>("forward", "reverse");
const commands: fc.Arbitrary<PrimaryCommand> = fc.oneof(
  fc.record({
    kind: fc.constant("split" as const),
    pair: names,
    secondary: fc.constantFrom<("read-only" | "read-write")[]>("read-only", "read-write"),
  }),
  fc.record({ kind: fc.constant("resync" as const), pair: names, direction }, { requiredKeys: ["kind", "pair"] }),
  fc.record({ kind: fc.constant("failback" as const), pair: names }),
);

test("a command arrives as it was given, and every cut or lengthened one is refused", () => {
  checkLaw(
    fc.property(fc.nat({ max: 0xffff_ffff }), commands, fc.nat(), (number, command, pick) => {
      const bytes = encodeCommand(number, command);
      expect(decodeCommand(bytes)).toEqual({ number, command });
      expect(() => decodeCommand(bytes.subarray(0, pick % bytes.length))).toThrow(CodecError);
      expect(() => decodeCommand(Uint8Array.of(...bytes, 0))).toThrow(CodecError);
    }),
  );
});

test.each<[string, PrimaryCommand]>([
  ["07000000 00 0200 7031 01 00", { kind: "split", pair: "p1", secondary: "read-write" }],
  ["07000000 01 0200 7031 00 02", { kind: "resync", pair: "p1", direction: "reverse" }],
  ["07000000 01 0200 7031 00 00", { kind: "resync", pair: "p1" }],
  ["07000000 02 0200 7031 00 00", { kind: "failback", pair: "p1" }],
])("golden bytes, both ways: %s", (hex, command) => {
  expect(toHex(encodeCommand(7, command))).toBe(hex.replaceAll(" ", ""));
  expect(decodeCommand(fromHex(hex))).toEqual({ number: 7, command });
});

test.each([
  ["kind", "07000000 03 0200 7031 00 00"],
  ["access of the secondary", "07000000 00 0200 7031 02 00"],
  ["direction", "07000000 01 0200 7031 00 03"],
])("a %s that there is not is refused", (_, hex) => {
  expect(() => decodeCommand(fromHex(hex))).toThrow(CodecError);
});
