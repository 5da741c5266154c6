import fc from "fast-check";
import { expect, test } from "vitest";
import { checkLaw } from "../testing/check-law.ts";
import { names } from "../testing/pair-states.ts";
import { ByteWriter, CodecError } from "../wire/byte-codec.ts";
import { type Command, COMMAND_BYTES_MAX, type CommandOf, decodeCommand, encodeCommand } from "./command.ts";

const one = <const T extends string>(...values: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...values);
const pair = names;
const list = fc.array(names, { maxLength: 4 });

/** Every kind, so that a new one is not forgotten here. */
const byKind: { readonly [K in Command["kind"]]: fc.Arbitrary<CommandOf<K>> } = {
  create: fc.record(
    {
      kind: one("create"),
      pair,
      volume: names,
      link: names,
      peerVolume: names,
      mode: one("sync", "async"),
      tracker: one("bitmap", "lsn"),
    },
    { requiredKeys: ["kind", "pair", "volume", "link", "peerVolume", "mode"] },
  ),
  "create-local": fc.record({ kind: one("create-local"), pair, volume: names, mirrorVolume: names }),
  split: fc.record({ kind: one("split"), pair, secondary: one("read-only", "read-write") }),
  resync: fc.record(
    { kind: one("resync"), pair, direction: one("forward", "reverse") },
    { requiredKeys: ["kind", "pair"] },
  ),
  restore: fc.record({ kind: one("restore"), pair, scope: one("changed", "all") }),
  takeover: fc.record({ kind: one("takeover"), pair }),
  failback: fc.record({ kind: one("failback"), pair }),
  delete: fc.record({ kind: one("delete"), pair, scope: one("both", "here") }),
  forget: fc.record({ kind: one("forget"), pair, id: fc.maxSafeNat() }),
  rollback: fc.record({ kind: one("rollback"), volume: names }),
  backup: fc.record({ kind: one("backup"), pairs: list, mirrors: list }),
  "offer-moment": fc.record({
    kind: one("offer-moment"),
    pair,
    journalId: fc.maxSafeNat(),
    lsn: fc.maxSafeNat(),
  }),
  recover: fc.record({
    kind: one("recover"),
    volume: names,
    to: fc.oneof(fc.record({ lsn: fc.maxSafeNat() }), fc.record({ timeUs: fc.maxSafeNat() })),
    method: one("apply", "swap"),
  }),
  "recover-group": fc.record({
    kind: one("recover-group"),
    group: names,
    to: fc.oneof(fc.record({ volume: names, lsn: fc.maxSafeNat() }), fc.record({ timeUs: fc.maxSafeNat() })),
    method: one("apply", "swap"),
  }),
};
const commands: fc.Arbitrary<Command> = fc.oneof(...Object.values(byKind));

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

test("a command without one of its fields, with another one, or with one of a wrong type is refused", () => {
  checkLaw(
    fc.property(commands, fc.nat(), (command, pick) => {
      const fields = Object.entries(command);
      const [field] = fields[pick % fields.length] as [string, unknown];
      const broken = [
        { ...command, [field]: 7.5 },
        { ...command, [field]: null },
        { ...command, [field]: [7] },
        { ...command, more: "x" },
      ];
      if (field !== "direction" && field !== "tracker") broken.push({ ...command, [field]: undefined });
      for (const value of broken)
        expect(() => decodeCommand(encodeCommand(1, value as unknown as Command))).toThrow(CodecError);
    }),
  );
});

const recover = (to: string): string => `{"kind":"recover","volume":"v","method":"apply","to":${to}}`;
const several = ["{}", '{"lsn":1,"timeUs":1}', '{"lsn":"1"}', '{"epoch":1}', "1", "null"].map(recover);
const split = '{"kind":"split","pair":"p","secondary":"all"}';
test.each(["7", "null", "[]", '"split"', "{}", '{"kind":"toString"}', split, ...several])(
  "%s is no command",
  (json) => {
    const payload = new ByteWriter().u32(1).raw(new TextEncoder().encode(json)).bytes();
    expect(() => decodeCommand(payload)).toThrow(CodecError);
  },
);

test("a command that is too large is not even looked at", () => {
  const command: Command = { kind: "failback", pair: "p".repeat(COMMAND_BYTES_MAX) };
  expect(() => decodeCommand(encodeCommand(1, command))).toThrow(CodecError);
});
