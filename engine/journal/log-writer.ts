import { assert } from "../assert.ts";
import { handled } from "../handled.ts";
import { SECTOR_BYTES } from "../ports/index.ts";
import type { ChangeNumber, Update } from "../volume/update.ts";
import { CodecError } from "../wire/byte-codec.ts";
import { crc32c } from "../wire/crc32c.ts";
import { decodeRecordHeader, encodeRecordHeader, RECORD_HEADER_BYTES, type RecordKind } from "./journal-record.ts";
import type { JournalClock } from "./journal-clock.ts";
import type { LogArea } from "./log-area.ts";
import type { JournalEntry, LogTable } from "./log-table.ts";

/** Records that become durable together are written together, up to about so much. */
const GROUP_BYTES_MAX = 1024 * 1024;
/** Kept free for rewinds, so that a full journal can be recovered from. */
export const REWIND_ROOM_BYTES = 16 * SECTOR_BYTES;
/** Read at once when the log is looked through after a start. */
const SCAN_BYTES = 256 * 1024;

/** What goes into the log; the writer numbers it. */
export interface NewRecord {
  readonly kind: RecordKind;
  readonly offsetBytes: number;
  readonly lengthBytes: number;
  /** Of a write; left alone until it is durable. */
  readonly data?: Uint8Array;
  readonly targetLsn?: number;
  /** Whether the volume is a mixture after it. */
  readonly mixed?: boolean;
  /** As the other end calls it. */
  readonly number?: ChangeNumber;
  /** The change that failed, and left this: it takes the room that was kept for it, and waits for nobody. */
  readonly leftBy?: JournalEntry;
}

interface Waiting {
  readonly record: NewRecord;
  readonly bytes: number;
  readonly settle: (entry: JournalEntry) => void;
}

export interface LogWriterParts {
  readonly area: LogArea;
  readonly table: LogTable;
  readonly journalId: number;
  readonly incarnation: number;
  readonly clock: JournalClock;
  readonly settledLsn: () => number;
  /** Asked when records must wait for room. */
  readonly makeRoom: () => void;
  readonly spawn: (work: Promise<unknown>) => void;
}

/**
 * Appends to the circular log. Records that are asked for while one is being written go together in
 * the next write (group commit); a write begins when the one before it is durable, so what a crash leaves
 * is a prefix.
 */
export class LogWriter {
  readonly #parts: LogWriterParts;
  readonly #waiting: Waiting[] = [];
  #running = false;
  /** Of the oldest byte that is needed, and of the next record. */
  #head: number;
  #tail: number;
  /** Of all changes that are under way. */
  #keptBytes = 0;

  constructor(parts: LogWriterParts, headPosition: number) {
    this.#parts = parts;
    this.#head = headPosition;
    this.#tail = headPosition;
  }

  get usedBytes(): number {
    return this.#tail - this.#head;
  }

  /** Bytes that records wait for; 0 if none waits for room. */
  get wantedBytes(): number {
    const first = this.#waiting[0];
    return first === undefined || this.#fits(first, 0, 0) ? 0 : first.bytes;
  }

  get hasRewindRoom(): boolean {
    return this.usedBytes + RECORD_HEADER_BYTES <= this.#parts.area.sizeBytes;
  }

  /** Sees to it that what a change left has room, which is more than was kept if it was to be zeros. @returns false if there is none */
  keepRoom(entry: JournalEntry, record: NewRecord): boolean {
    const moreBytes = Math.max(0, bytesOf(record) - entry.keptBytes);
    const neededBytes = this.usedBytes + this.#keptBytes + moreBytes + REWIND_ROOM_BYTES;
    if (moreBytes > 0 && neededBytes > this.#parts.area.sizeBytes) return false;
    this.#keep(entry, moreBytes);
    return true;
  }

  #keep(entry: JournalEntry, moreBytes: number): void {
    entry.keptBytes += moreBytes;
    this.#keptBytes += moreBytes;
  }

  /** The change is in the volume, or never will be: who waits for room may have it. */
  done(entry: JournalEntry, tick: number): void {
    entry.done = true;
    entry.tick = tick;
    this.#keep(entry, -entry.keptBytes);
    this.#start();
  }

  /** The oldest byte that is needed is at `position` now. */
  free(position: number): void {
    assert(position >= this.#head && position <= this.#tail, "the head of a log moves towards its tail");
    this.#head = position;
    this.#start();
  }

  /** Numbered in the order of the calls. Settles when the record is durable; waits while the log is full. */
  append(record: NewRecord): Promise<JournalEntry> {
    const bytes = bytesOf(record);
    return new Promise((settle) => {
      // These go first: what waits for room may wait for what they set free.
      if (record.kind === "rewind" || record.leftBy !== undefined) this.#waiting.unshift({ record, bytes, settle });
      else this.#waiting.push({ record, bytes, settle });
      this.#start();
    });
  }

  #start(): void {
    if (this.#running || this.#waiting.length === 0) return;
    this.#running = true;
    this.#parts.spawn(this.#run());
  }

  async #run(): Promise<void> {
    for (let group = this.#take(); group.length > 0; group = this.#take()) await this.#write(group);
    this.#running = false;
    if (this.#waiting.length > 0) this.#parts.makeRoom();
  }

  #take(): Waiting[] {
    let bytes = 0;
    let keptBytes = 0;
    let count = 0;
    for (const waiting of this.#waiting) {
      if (!this.#fits(waiting, bytes, keptBytes) || (count > 0 && bytes + waiting.bytes > GROUP_BYTES_MAX)) break;
      bytes += waiting.bytes;
      keptBytes += toKeep(waiting);
      count++;
    }
    return this.#waiting.splice(0, count);
  }

  /** @param aheadBytes of those that are written with it, and `aheadKeptBytes` that are kept free for them */
  #fits(waiting: Waiting, aheadBytes: number, aheadKeptBytes: number): boolean {
    const { record, bytes } = waiting;
    const neededBytes = this.usedBytes + aheadBytes + bytes;
    if (record.kind === "rewind") return neededBytes <= this.#parts.area.sizeBytes;
    const others = record.leftBy === undefined ? this.#keptBytes + aheadKeptBytes + toKeep(waiting) : 0;
    return neededBytes + others + REWIND_ROOM_BYTES <= this.#parts.area.sizeBytes;
  }

  async #write(group: readonly Waiting[]): Promise<void> {
    const { area, table } = this.#parts;
    const start = this.#tail;
    const entries: JournalEntry[] = [];
    const buffer = new Uint8Array(group.reduce((sum, { bytes }) => sum + bytes, 0));
    for (const waiting of group) {
      const { record, bytes } = waiting;
      const entry = this.#number(record, this.#tail, table.newestLsn + 1 + entries.length);
      entries.push(entry);
      this.#keep(entry, toKeep(waiting));
      const at = this.#tail - start;
      buffer.set(this.#header(entry), at);
      if (record.data !== undefined) buffer.set(record.data, at + RECORD_HEADER_BYTES);
      this.#tail += bytes;
    }
    await area.write(start, buffer);
    for (const entry of entries) table.add(entry);
    for (const [index, { settle }] of group.entries()) settle(entries[index] as JournalEntry);
  }

  #number(record: NewRecord, position: number, lsn: number): JournalEntry {
    const { incarnation, settledLsn } = this.#parts;
    return {
      kind: record.kind,
      lsn,
      timeUs: this.#parts.clock.nextUs(),
      offsetBytes: record.offsetBytes,
      lengthBytes: record.lengthBytes,
      dataBytes: record.data?.length ?? 0,
      dataCrc: record.data === undefined ? 0 : crc32c(record.data),
      targetLsn: record.targetLsn ?? 0,
      peerJournalId: record.number?.journalId ?? 0,
      peerLsn: record.number?.lsn ?? 0,
      settledLsn: settledLsn(),
      mixed: record.mixed ?? false,
      position,
      incarnation,
      done: record.kind === "rewind" || record.kind === "mark",
      tick: 0,
      keptBytes: 0,
    };
  }

  #header(entry: JournalEntry): Uint8Array {
    const { journalId } = this.#parts;
    return encodeRecordHeader(entry, { journalId, incarnation: entry.incarnation, position: entry.position });
  }

  /** The change was refused: durably none when it settles. In its own place, so it needs no room. */
  async void(entry: JournalEntry): Promise<void> {
    entry.kind = "void";
    await this.#parts.area.write(entry.position, this.#header(entry));
    this.done(entry, entry.tick);
  }

  /** The data of a write. @throws DiskError; CodecError if the log does not hold what was written to it */
  async read(entry: JournalEntry): Promise<Uint8Array> {
    const data = await this.#parts.area.read(entry.position + RECORD_HEADER_BYTES, entry.dataBytes);
    if (crc32c(data) !== entry.dataCrc) throw new CodecError(`journal entry ${entry.lsn} has another checksum`);
    return data;
  }

  /**
   * Finds what a crash left: records follow one another until one cannot be believed.
   * @param incarnation of what was before them: those of an earlier start were torn then
   * @returns the last number that is known to be durable in the volume
   * @throws DiskError
   */
  async scan(incarnation: number): Promise<number> {
    const { area, table } = this.#parts;
    const reader = new ScanReader(area, this.#head);
    let settledLsn = 0;
    let latest = incarnation;
    for (;;) {
      if (this.usedBytes + RECORD_HEADER_BYTES > area.sizeBytes) break;
      const found = this.#believed(await reader.read(this.#tail, RECORD_HEADER_BYTES), latest);
      if (found === undefined) break;
      const { record } = found;
      const endBytes = this.usedBytes + RECORD_HEADER_BYTES + record.dataBytes;
      assert(endBytes <= area.sizeBytes, "a record that was written had room");
      const data = await reader.read(this.#tail + RECORD_HEADER_BYTES, record.dataBytes);
      if (record.dataBytes > 0 && crc32c(data) !== record.dataCrc) break;
      latest = found.place.incarnation;
      const past = { done: true, tick: Number.MAX_SAFE_INTEGER, keptBytes: 0 };
      table.add({ ...record, position: this.#tail, incarnation: latest, ...past });
      settledLsn = Math.max(settledLsn, record.settledLsn);
      this.#parts.clock.reached(record.timeUs);
      this.#tail += RECORD_HEADER_BYTES + record.dataBytes;
    }
    return settledLsn;
  }

  #believed(sector: Uint8Array, incarnation: number): ReturnType<typeof decodeRecordHeader> | undefined {
    const { journalId, table } = this.#parts;
    try {
      const found = decodeRecordHeader(sector);
      const { place, record } = found;
      const fits =
        place.journalId === journalId &&
        place.position === this.#tail &&
        place.incarnation >= incarnation &&
        record.lsn === table.newestLsn + 1;
      return fits ? found : undefined;
    } catch (error) {
      handled(error, CodecError);
      return undefined;
    }
  }
}

/** Reads ahead, for records that follow one another. */
class ScanReader {
  readonly #area: LogArea;
  readonly #endPosition: number;
  #start = 0;
  #bytes: Uint8Array = new Uint8Array(0);

  constructor(area: LogArea, headPosition: number) {
    this.#area = area;
    this.#endPosition = headPosition + area.sizeBytes;
  }

  async read(position: number, lengthBytes: number): Promise<Uint8Array> {
    if (position < this.#start || position + lengthBytes > this.#start + this.#bytes.length) {
      const aheadBytes = Math.min(Math.max(lengthBytes, SCAN_BYTES), this.#endPosition - position);
      this.#bytes = await this.#area.read(position, Math.max(lengthBytes, aheadBytes));
      this.#start = position;
    }
    return this.#bytes.subarray(position - this.#start, position - this.#start + lengthBytes);
  }
}

function bytesOf({ data }: NewRecord): number {
  return RECORD_HEADER_BYTES + (data?.length ?? 0);
}

/** What the change leaves if it fails is as large as the change, unless that was of zeros. */
function toKeep({ record, bytes }: Waiting): number {
  const isChange = (record.kind === "write" || record.kind === "zero") && record.leftBy === undefined;
  return isChange ? bytes : 0;
}

/** What a change puts into the log. */
export function recordOf(update: Update): NewRecord {
  const { kind, offsetBytes } = update;
  const numbered = update.number === undefined ? {} : { number: update.number };
  if (kind === "zero") return { kind, offsetBytes, lengthBytes: update.lengthBytes, ...numbered };
  return { kind, offsetBytes, lengthBytes: update.data.length, data: update.data, ...numbered };
}
