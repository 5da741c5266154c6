import { SECTOR_BYTES } from "../ports/index.ts";
import { ByteReader, ByteWriter, CodecError } from "../wire/byte-codec.ts";
import { crc32c } from "../wire/crc32c.ts";

const MAGIC = 0x324c4e4a; // "JNL2"
const CRC_BYTES = 4;
/** A header is one sector, so that it is wholly there or not at all; the data follows in whole sectors. */
export const RECORD_HEADER_BYTES = SECTOR_BYTES;

/**
 * `write` and `zero` are changes of the volume; `rewind`: from here on the volume holds what it held
 * after entry `targetLsn`; `void`: the change was refused and never happened; `mark`: nothing changes but
 * whether the volume is a mixture.
 */
export const RECORD_KINDS = ["write", "zero", "rewind", "void", "mark"] as const;
export type RecordKind = (typeof RECORD_KINDS)[number];

/** One journal log (JR-1): the header of a host's change; the data of a `write` follows it. */
export interface JournalRecord {
  readonly kind: RecordKind;
  /** Log sequence number (JR-3): counts the records of a journal from 1. */
  readonly lsn: number;
  /** When it was made, as the {@link JournalClock} counts; later than the record before. */
  readonly timeUs: number;
  /** Of the volume. 0 for a rewind or a mark. */
  readonly offsetBytes: number;
  /** Bytes of the volume that change. 0 for a rewind or a mark. */
  readonly lengthBytes: number;
  /** Bytes that follow the header: those of a write, also once it is void. */
  readonly dataBytes: number;
  readonly dataCrc: number;
  /** Of a rewind: the moment that the volume went back to; 0 otherwise. */
  readonly targetLsn: number;
  /** What the other end's journal calls it, if it came from there; 0 otherwise. */
  readonly peerJournalId: number;
  readonly peerLsn: number;
  /** From here on, until an entry that is not, the volume is no moment of its own: other content is on its way. */
  readonly mixed: boolean;
  /** Every entry up to this one was durable in the volume when this one was made. */
  readonly settledLsn: number;
}

/** What keeps a record of an earlier lap, start or journal from being taken for one of now. */
export interface RecordPlace {
  readonly journalId: number;
  /** Counts the starts; never falls along the log. */
  readonly incarnation: number;
  /** Bytes of log before it, since the journal was made. */
  readonly position: number;
}

/** One sector: `u32 magic, u32 CRC-32C of all that follows`, then the fields. */
export function encodeRecordHeader(record: JournalRecord, place: RecordPlace): Uint8Array {
  const body = new ByteWriter(SECTOR_BYTES)
    .u32(place.journalId)
    .u32(place.incarnation)
    .u64(place.position)
    .u8(RECORD_KINDS.indexOf(record.kind))
    .u64(record.lsn)
    .u64(record.timeUs)
    .u64(record.offsetBytes)
    .u64(record.lengthBytes)
    .u32(record.dataBytes)
    .u32(record.dataCrc)
    .u64(record.targetLsn)
    .u32(record.peerJournalId)
    .u64(record.peerLsn)
    .u64(record.settledLsn)
    .bool(record.mixed)
    .bytes();
  const sector = new Uint8Array(SECTOR_BYTES);
  sector.set(body, 2 * CRC_BYTES);
  const head = new ByteWriter(2 * CRC_BYTES).u32(MAGIC).u32(crc32c(sector.subarray(2 * CRC_BYTES)));
  sector.set(head.bytes());
  return sector;
}

/** @throws CodecError if it is no record */
export function decodeRecordHeader(sector: Uint8Array): {
  readonly record: JournalRecord;
  readonly place: RecordPlace;
} {
  const reader = new ByteReader(sector);
  const magic = reader.u32();
  if (magic !== MAGIC)
    throw new CodecError(`expected journal magic ${MAGIC.toString(16)}, found ${magic.toString(16)}`);
  const expected = reader.u32();
  const found = crc32c(sector.subarray(2 * CRC_BYTES));
  if (found !== expected)
    throw new CodecError(`expected journal checksum ${expected.toString(16)}, found ${found.toString(16)}`);
  const place = { journalId: reader.u32(), incarnation: reader.u32(), position: reader.u64() };
  const record: JournalRecord = {
    kind: reader.oneOf(RECORD_KINDS),
    lsn: reader.u64(),
    timeUs: reader.u64(),
    offsetBytes: reader.u64(),
    lengthBytes: reader.u64(),
    dataBytes: reader.u32(),
    dataCrc: reader.u32(),
    targetLsn: reader.u64(),
    peerJournalId: reader.u32(),
    peerLsn: reader.u64(),
    settledLsn: reader.u64(),
    mixed: reader.bool(),
  };
  return { record, place };
}
