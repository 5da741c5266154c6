import fc from "fast-check";
import { expect, test } from "vitest";
import { SECTOR_BYTES } from "../ports/index.ts";
import { checkLaw } from "../testing/check-law.ts";
import { CodecError } from "../wire/byte-codec.ts";
import { decodeRecordHeader, encodeRecordHeader, type JournalRecord, RECORD_KINDS } from "./journal-record.ts";

const u32 = fc.nat({ max: 0xffff_ffff });
const u64 = fc.maxSafeNat();

const record: fc.Arbitrary<JournalRecord> = fc.record({
  kind: fc.constantFrom(...RECORD_KINDS),
  lsn: u64,
  timeUs: u64,
  offsetBytes: u64,
  lengthBytes: u64,
  dataBytes: u32,
  dataCrc: u32,
  targetLsn: u64,
  peerJournalId: u32,
  peerLsn: u64,
  settledLsn: u64,
  mixed: fc.boolean(),
});
const place = fc.record({ journalId: u32, incarnation: u32, position: u64 });

test("a header is one sector, and says what was written", () => {
  checkLaw(
    fc.property(record, place, (one, where) => {
      const sector = encodeRecordHeader(one, where);
      expect(sector).toHaveLength(SECTOR_BYTES);
      expect(decodeRecordHeader(sector)).toEqual({ record: one, place: where });
    }),
  );
});

test("a header of which any bit is another one is none", () => {
  checkLaw(
    fc.property(record, place, fc.nat({ max: SECTOR_BYTES * 8 - 1 }), (one, where, bit) => {
      const sector = encodeRecordHeader(one, where);
      sector[bit >>> 3] = (sector[bit >>> 3] as number) ^ (1 << (bit & 7));
      expect(() => decodeRecordHeader(sector)).toThrow(CodecError);
    }),
  );
});
