import { assert } from "../assert.ts";
import { EngineError } from "../errors.ts";
import { type Clock, type Disk, DiskError, type Log, NS_PER_MS, SECTOR_BYTES, sleep } from "../ports/index.ts";
import { ByteReader, ByteWriter, CodecError } from "../wire/byte-codec.ts";
import { crc32c } from "../wire/crc32c.ts";
import { isZero } from "../wire/zero-range.ts";

const MAGIC = 0x314d464a; // "JFM1"
const SLOTS = 2;
const SLOT_BYTES = 4096;
const HEADER_BYTES = 20;
/** What the table takes at the head of a log volume. */
export const TABLE_BYTES = SLOTS * SLOT_BYTES;
const RETRY_NS_FIRST = NS_PER_MS;
const RETRY_NS_MAX = 1_000 * NS_PER_MS;

/** Copies between volume and base: `base` gets the volume's content; `none` runs. */
export const BASE_STATES = ["whole", "copying", "stale"] as const;

/**
 * The journal function management table (JR-2): what the taking of journal logs and recovery go by.
 * All of it is durable; where the next record goes is found by reading the log from `headPosition` on.
 */
export interface JournalState {
  /** Tells this journal's records from those of an earlier one on the same disk. */
  journalId: number;
  /** Counts the starts. */
  incarnation: number;
  volume: string;
  baseVolume: string;
  /** Volumes whose journals are recovered together; "" for one by itself. */
  group: string;
  /** `copying`: the base is being made, nothing can be recovered; `stale`: that failed. */
  base: (typeof BASE_STATES)[number];
  /** The base holds the volume as of this entry, or of a later one up to {@link foldLsn}. */
  baseLsn: number;
  /** Up to here entries are being folded into the base: the oldest moment that can be recovered. */
  foldLsn: number;
  foldTimeNs: number;
  /** Of the entry after {@link baseLsn} in the log. */
  headPosition: number;
  /** The last rewind, at least if it is not in the log any more. */
  rewindLsn: number;
  /** It was the other end that went back, and this one follows by itself. */
  rewindTold: boolean;
  /** The recovery that began with this rewind is complete; a later one is to be resumed. */
  finishedLsn: number;
  /** The disks of volume and base are exchanged (JR-6). */
  swapped: boolean;
  /** The image of the volume that this journal keeps (LS-2b): its number, 0 for none yet, and the entry that it is after. */
  imageMoment: number;
  imageLsn: number;
  imageFixed: boolean;
  imageRolling: boolean;
}

/** Keeps a {@link JournalState} in two slots at the head of the log volume, written alternately. */
export class ManagementTable {
  readonly state: JournalState;
  readonly #disk: Disk;
  readonly #clock: Clock;
  readonly #log: Log;
  #sequence: number;
  #writing: Promise<void> | undefined;
  #next: Promise<void> | undefined;

  private constructor(state: JournalState, sequence: number, disk: Disk, clock: Clock, log: Log) {
    this.state = state;
    this.#sequence = sequence;
    this.#disk = disk;
    this.#clock = clock;
    this.#log = log;
  }

  /**
   * Reads the table. @returns `undefined` if there never was one
   * @throws EngineError META_CORRUPT if neither slot can be believed. @throws DiskError
   */
  static async load(disk: Disk, clock: Clock, log: Log): Promise<ManagementTable | undefined> {
    const found: string[] = [];
    let newest: { readonly state: JournalState; readonly sequence: number } | undefined;
    for (let slot = 0; slot < SLOTS; slot++) {
      const bytes = await disk.read(slot * SLOT_BYTES, SLOT_BYTES);
      if (isZero(bytes)) {
        found.push("blank");
        continue;
      }
      try {
        const read = readSlot(bytes);
        if (newest === undefined || read.sequence > newest.sequence) newest = read;
      } catch (error) {
        if (!(error instanceof CodecError)) throw error;
        found.push(error.message);
      }
    }
    if (newest !== undefined) return new ManagementTable(newest.state, newest.sequence, disk, clock, log);
    // Both slots are written before the first start returns; so a blank one means that it never did.
    if (found.includes("blank")) return undefined;
    throw new EngineError("META_CORRUPT", {
      place: "journal function management table",
      found: found.join("; "),
      expected: "one valid slot",
    });
  }

  /** Makes the first table, durable in both slots when it settles. */
  static async create(state: JournalState, disk: Disk, clock: Clock, log: Log): Promise<ManagementTable> {
    const table = new ManagementTable(state, 0, disk, clock, log);
    await table.persist();
    await table.persist();
    return table;
  }

  /** Durable as it is now when it settles; calls during a write share the next. Tries again while the device fails. */
  async persist(): Promise<void> {
    if (this.#writing === undefined) {
      this.#writing = this.#write();
      return this.#writing;
    }
    this.#next ??= this.#writing.then(() => {
      this.#next = undefined;
      this.#writing = this.#write();
      return this.#writing;
    });
    return this.#next;
  }

  async #write(): Promise<void> {
    this.#sequence++;
    const bytes = encodeSlot(this.state, this.#sequence);
    const offsetBytes = (this.#sequence % SLOTS) * SLOT_BYTES;
    for (let delayNs = RETRY_NS_FIRST; ; delayNs = Math.min(delayNs * 2, RETRY_NS_MAX)) {
      try {
        await this.#disk.write(offsetBytes, bytes, { fua: true });
        break;
      } catch (error) {
        if (!(error instanceof DiskError)) throw error;
        this.#log.step("journal.write.failed", { code: error.code, retryMs: delayNs / NS_PER_MS });
        await sleep(this.#clock, delayNs);
      }
    }
    if (this.#next === undefined) this.#writing = undefined;
  }
}

function encodeSlot(state: JournalState, sequence: number): Uint8Array {
  const payload = new ByteWriter(256)
    .u32(state.journalId)
    .u32(state.incarnation)
    .text(state.volume)
    .text(state.baseVolume)
    .text(state.group)
    .u8(BASE_STATES.indexOf(state.base))
    .u64(state.baseLsn)
    .u64(state.foldLsn)
    .u64(state.foldTimeNs)
    .u64(state.headPosition)
    .u64(state.rewindLsn)
    .bool(state.rewindTold)
    .u64(state.finishedLsn)
    .bool(state.swapped)
    .u32(state.imageMoment)
    .u64(state.imageLsn)
    .bool(state.imageFixed)
    .bool(state.imageRolling)
    .bytes();
  const head = new ByteWriter(HEADER_BYTES).u32(MAGIC).u64(sequence).u32(payload.length).bytes();
  const writer = new ByteWriter(512).raw(head).u32(crc32c(head, payload)).raw(payload);
  assert(writer.bytes().length <= SLOT_BYTES, "a journal's table fits its slot");
  return writer.raw(new Uint8Array(-writer.bytes().length & (SECTOR_BYTES - 1))).bytes();
}

/** @throws CodecError */
function readSlot(bytes: Uint8Array): { readonly state: JournalState; readonly sequence: number } {
  const reader = new ByteReader(bytes);
  const magic = reader.u32();
  if (magic !== MAGIC) throw new CodecError(`magic ${magic.toString(16)}`);
  const sequence = reader.u64();
  const payloadBytes = reader.u32();
  const expected = reader.u32();
  const payload = reader.raw(payloadBytes);
  const found = crc32c(bytes.subarray(0, HEADER_BYTES - 4), payload);
  if (found !== expected) throw new CodecError(`checksum ${found.toString(16)} instead of ${expected.toString(16)}`);
  const body = new ByteReader(payload);
  const state: JournalState = {
    journalId: body.u32(),
    incarnation: body.u32(),
    volume: body.text(),
    baseVolume: body.text(),
    group: body.text(),
    base: body.oneOf(BASE_STATES),
    baseLsn: body.u64(),
    foldLsn: body.u64(),
    foldTimeNs: body.u64(),
    headPosition: body.u64(),
    rewindLsn: body.u64(),
    rewindTold: body.bool(),
    finishedLsn: body.u64(),
    swapped: body.bool(),
    imageMoment: body.u32(),
    imageLsn: body.u64(),
    imageFixed: body.bool(),
    imageRolling: body.bool(),
  };
  body.end();
  return { state, sequence };
}
