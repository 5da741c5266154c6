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
    return first === undefined || this.#fits(first, this.usedBytes) ? 0 : first.bytes;
  }

  get hasRewindRoom(): boolean {
    return this.usedBytes + RECORD_HEADER_BYTES <= this.#parts.area.sizeBytes;
  }

  /** Appended now, the record need not wait for room. */
  hasRoom(record: NewRecord): boolean {
    const aheadBytes = this.#waiting.reduce((sum, { bytes }) => sum + bytes, 0);
    return this.#fits({ record, bytes: bytesOf(record) }, this.usedBytes + aheadBytes);
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
      // A rewind goes first: what waits for room may wait for what it sets free.
      if (record.kind === "rewind") this.#waiting.unshift({ record, bytes, settle });
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
    let count = 0;
    for (const waiting of this.#waiting) {
      if (!this.#fits(waiting, this.usedBytes + bytes) || (count > 0 && bytes + waiting.bytes > GROUP_BYTES_MAX)) break;
      bytes += waiting.bytes;
      count++;
    }
    return this.#waiting.splice(0, count);
  }

  #fits({ record, bytes }: Pick<Waiting, "record" | "bytes">, usedBytes: number): boolean {
    const keptBytes = record.kind === "rewind" ? 0 : REWIND_ROOM_BYTES;
    return usedBytes + bytes + keptBytes <= this.#parts.area.sizeBytes;
  }

  async #write(group: readonly Waiting[]): Promise<void> {
    const { area, table } = this.#parts;
    const start = this.#tail;
    const entries: JournalEntry[] = [];
    const buffer = new Uint8Array(group.reduce((sum, { bytes }) => sum + bytes, 0));
    for (const { record, bytes } of group) {
      const entry = this.#number(record, this.#tail, table.newestLsn + 1 + entries.length);
      entries.push(entry);
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
    entry.done = true;
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
      table.add({ ...record, position: this.#tail, incarnation: latest, done: true, tick: Number.MAX_SAFE_INTEGER });
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

/** What a change puts into the log. */
export function recordOf(update: Update): NewRecord {
  const { kind, offsetBytes } = update;
  const numbered = update.number === undefined ? {} : { number: update.number };
  if (kind === "zero") return { kind, offsetBytes, lengthBytes: update.lengthBytes, ...numbered };
  return { kind, offsetBytes, lengthBytes: update.data.length, data: update.data, ...numbered };
}
