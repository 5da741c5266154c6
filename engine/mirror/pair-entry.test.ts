import fc from "fast-check";
import { expect, test } from "vitest";
import { checkLaw } from "../testing/check-law.ts";
import { fromHex, toHex } from "../testing/hex.ts";
import { generationOf, pairEntries } from "../testing/pair-states.ts";
import { ByteReader, ByteWriter, CodecError } from "../wire/byte-codec.ts";
import { ANCESTORS_MAX, type Generation } from "./generation.ts";
import { decodePairEntry, encodePairEntry, type PairEntry } from "./pair-entry.ts";
import { decodePairOffer, encodePairOffer } from "./pair-offer.ts";

function encode(entry: PairEntry): Uint8Array {
  const writer = new ByteWriter();
  encodePairEntry(writer, entry);
  return writer.bytes();
}

function decode(bytes: Uint8Array): PairEntry {
  const reader = new ByteReader(bytes);
  const entry = decodePairEntry(reader);
  reader.end();
  return entry;
}

test("an entry is read as it was written, and no part of one is", () => {
  checkLaw(
    fc.property(pairEntries, fc.nat(), (entry, pick) => {
      const bytes = encode(entry);
      expect(decode(bytes)).toEqual(entry);
      expect(() => decode(bytes.subarray(0, pick % bytes.length))).toThrow(CodecError);
      expect(() => decode(Uint8Array.of(...bytes, 0))).toThrow(CodecError);
    }),
    500,
  );
});

test("an offer tells the other end what it needs of an entry, and no part of one passes", () => {
  checkLaw(
    fc.property(pairEntries, fc.nat(), (entry, pick) => {
      const { name, volume, peerVolume, mode, tracker, sizeBytes, trackBytes, ...rest } = entry;
      const { role, status, suspension, consistent, established, current, ancestors, copyFrom } = rest;
      const { wish, wishAfter, takeover, secondaryWritable } = rest;
      const bytes = encodePairOffer(entry);
      const history = { current, ancestors, copyFrom, wish, wishAfter, takeover, secondaryWritable };
      const state = { role, status, suspension, consistent, established, ...history };
      expect(decodePairOffer(bytes)).toEqual({ name, volume, peerVolume, mode, tracker, sizeBytes, trackBytes, state });
      expect(() => decodePairOffer(bytes.subarray(0, pick % bytes.length))).toThrow(CodecError);
      expect(() => decodePairOffer(Uint8Array.of(...bytes, 0))).toThrow(CodecError);
    }),
    500,
  );
});

const golden: PairEntry = {
  copyType: "remote",
  id: 0x01020304,
  name: "p1",
  link: "l",
  volume: "pvol",
  peerVolume: "svol",
  mode: "async",
  tracker: "lsn",
  sizeBytes: 2 ** 32 + 512,
  trackBytes: 8192,
  shared: true,
  rolling: true,
  imageUnread: false,
  imageVoid: 0x0a0b,
  imageTracks: 7,
  bitmapOffsetBytes: 32_768,
  role: "secondary",
  status: "SPLIT",
  suspension: "takeover",
  consistent: true,
  established: false,
  current: generationOf(0xab),
  ancestors: [generationOf(1)],
  copyFrom: generationOf(0),
  wish: "from-there",
  wishAfter: generationOf(2),
  takeover: generationOf(3),
  secondaryWritable: true,
};
const digits = (text: string): string => `1000${toHex(new TextEncoder().encode(text))}`;
const goldenHex = `
  04030201 0200 7031 0100 6c 0400 70766f6c 0400 73766f6c
  01 01 0002000001000000 00200000 03 0b0a0000 07000000 0080000000000000
  01 03 05 01 00 ${digits("00000000000000ab")} ${digits("0000000000000000")} 02
  ${digits("0000000000000002")} ${digits("0000000000000003")} 01 01 ${digits("0000000000000001")}`;

test("golden bytes, both ways", () => {
  expect(toHex(encode(golden))).toBe(goldenHex.replaceAll(/\s/g, ""));
  expect(decode(fromHex(goldenHex))).toEqual(golden);
});

test("a generation of other than 16 small hexadecimal digits is refused", () => {
  for (const text of ["00000000000000aB", "00000000000000a", "00000000000000abc", "", "000000000000 0ab"]) {
    const broken = { ...golden, copyFrom: text as Generation };
    expect(() => decode(encode(broken))).toThrow(CodecError);
  }
});

test("flags that nobody knows are refused", () => {
  const bytes = encode(golden);
  const at = fromHex(goldenHex.slice(0, goldenHex.indexOf("03 0b0a"))).length;
  bytes[at] = 8;
  expect(() => decode(bytes)).toThrow(CodecError);
});

test("more ancestors than are kept are refused", () => {
  const ancestors = Array.from({ length: ANCESTORS_MAX + 1 }, (_, index) => generationOf(index));
  expect(decode(encode({ ...golden, ancestors: ancestors.slice(1) })).ancestors).toHaveLength(ANCESTORS_MAX);
  expect(() => decode(encode({ ...golden, ancestors }))).toThrow(CodecError);
});
