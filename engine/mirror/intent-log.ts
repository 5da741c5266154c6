import { type Disk, SECTOR_BYTES } from "../ports/index.ts";
import { Bitmap } from "../volume/bitmap.ts";
import { crc32c } from "../wire/crc32c.ts";
import { isZero } from "../wire/zero-range.ts";
import type { IntentStore } from "./intent-store.ts";

const MAGIC = 0x314e534c; // "LSN1"
const HEADER_BYTES = 32;
const RECORD_BYTES = 16;
export const RECORDS_PER_SECTOR = (SECTOR_BYTES - HEADER_BYTES) / RECORD_BYTES;
/** Sectors of one half of the log. */
const HALF_SECTORS = 32;
/** A half begins with at most so many records, so that there is room for new ones. */
const BASE_RECORDS_MAX = (HALF_SECTORS / 2) * RECORDS_PER_SECTOR;
/** Clean tracks that stay marked, because the next write there is then free. */
const STALE_TRACKS_MAX = 128;

/** Bytes on disk, whatever the size of the volume. */
export const INTENT_LOG_BYTES = 2 * HALF_SECTORS * SECTOR_BYTES;

interface LogRecord {
  /** Numbers the updates of the volume. */
  readonly lsn: number;
  readonly first: number;
  readonly last: number;
}

/**
 * Updates remembered by log sequence number (LS-3b): one record for each update of tracks that no
 * earlier record names. Records are appended to one half of the log; when it is full, what is still
 * needed goes to the other half, which counts from the moment that its first sector is there. Many
 * single tracks are joined then, gaps and all, so any volume fits.
 *
 * On disk: sectors of `u32 magic, u32 pair id, u32 generation of the half, u16 sector index, u16 records,
 * u16 sectors at the beginning, u16 zero, u32 zero, u32 zero, u32 CRC-32C of the rest`, then records of
 * `u64 lsn, u32 first, u32 last`.
 */
export class IntentLog implements IntentStore {
  readonly isWarm = false;
  readonly #disk: Disk;
  readonly #offsetBytes: number;
  readonly #pairId: number;
  readonly #isPending: (trackIndex: number) => boolean;
  /** What the next half will hold. */
  readonly #wanted: Bitmap;
  /** What is surely on disk: the same, but where a write is under way or has failed. */
  readonly #marked: Bitmap;
  #generation = 0;
  #nextGeneration = 1;
  #lsn = 0;
  /** The last sector of the half in use, and what is in it. */
  #tail: LogRecord[] = [];
  #tailIndex = 0;
  #baseSectors = 1;
  #waiting: LogRecord[] = [];
  #writing: Promise<void> | undefined;
  #queued: Promise<void> | undefined;
  #compact = false;
  #ended = false;

  /**
   * @param isPending what memory says: a track that must stay marked
   * @param pending most of those tracks, empty as yet: the marks take memory only where they differ
   */
  constructor(
    disk: Disk,
    place: { readonly pairId: number; readonly offsetBytes: number; readonly trackCount: number },
    isPending: (trackIndex: number) => boolean,
    pending?: Bitmap,
  ) {
    this.#disk = disk;
    this.#offsetBytes = place.offsetBytes;
    this.#pairId = place.pairId;
    this.#wanted = new Bitmap(place.trackCount, pending);
    this.#marked = new Bitmap(place.trackCount, this.#wanted);
    this.#isPending = isPending;
  }

  /** The number of the latest update. */
  get lsn(): number {
    return this.#lsn;
  }

  async load(into: Bitmap): Promise<number> {
    const halves = [await this.#readHalf(0), await this.#readHalf(1)];
    const newest = halves
      .filter((half) => half !== "blank" && half !== "corrupt")
      .toSorted((left, right) => right.generation - left.generation)[0];
    if (newest !== undefined) {
      this.#generation = newest.generation;
      this.#nextGeneration = newest.generation + 1;
      this.#baseSectors = newest.baseSectors;
      this.#tailIndex = newest.sectors.length - 1;
      this.#tail = newest.sectors.at(-1) as LogRecord[];
      for (const { lsn, first, last } of newest.sectors.flat()) {
        this.#lsn = Math.max(this.#lsn, lsn);
        for (let track = first; track <= last && track < this.#wanted.length; track++) {
          this.#wanted.set(track);
          this.#marked.set(track);
        }
      }
    }
    // A half that cannot be read might have been the newer one.
    const believed = newest !== undefined && newest.whole && !halves.includes("corrupt");
    // The marks that are missing may be any; what is on disk is not relied on before it is written anew.
    if (!believed) {
      this.#wanted.setAll();
      this.#marked.clearAll();
      this.#compact = true;
    }
    for (const track of this.#wanted.indices()) into.set(track);
    return believed ? 0 : 1;
  }

  lean(pending: Bitmap | undefined): void {
    this.#wanted.lean(pending);
  }

  writeAll(): Promise<void> {
    for (let track = 0; track < this.#wanted.length; track++) if (this.#isPending(track)) this.#wanted.set(track);
    this.#compact = true;
    return this.#enqueue();
  }

  mark(first: number, last: number): Promise<void> | undefined {
    let missing = false;
    for (let track = first; track <= last; track++) {
      this.#wanted.set(track);
      if (!this.#marked.has(track)) missing = true;
    }
    if (!missing) return undefined;
    this.#waiting.push({ lsn: ++this.#lsn, first, last });
    return this.#enqueue();
  }

  async sweep(pendingCount: number, all: boolean): Promise<void> {
    if (this.#wanted.count - pendingCount <= (all ? 0 : STALE_TRACKS_MAX)) return;
    for (const track of this.#wanted.indices()) {
      if (this.#isPending(track)) continue;
      this.#wanted.clear(track);
      // Cannot be relied on from now on, even before the write is done.
      this.#marked.clear(track);
    }
    this.#compact = true;
    await this.#enqueue();
  }

  async end(): Promise<void> {
    this.#ended = true;
    await Promise.allSettled([this.#writing, this.#queued]);
  }

  /** One write at a time; whoever comes during one shares the next. */
  #enqueue(): Promise<void> {
    if (this.#writing === undefined) return this.#start();
    if (this.#queued === undefined) {
      const go = (): Promise<void> => {
        this.#queued = undefined;
        return this.#start();
      };
      this.#queued = this.#writing.then(go, go);
    }
    return this.#queued;
  }

  #start(): Promise<void> {
    if (this.#ended) return Promise.resolve();
    const write = this.#write().finally(() => {
      // With one queued the log stays busy, so that a newcomer joins it.
      if (this.#queued === undefined) this.#writing = undefined;
    });
    this.#writing = write;
    return write;
  }

  async #write(): Promise<void> {
    const records = this.#waiting;
    this.#waiting = [];
    const room = (HALF_SECTORS - this.#tailIndex) * RECORDS_PER_SECTOR - this.#tail.length;
    if (this.#compact || records.length > room) {
      this.#compact = true;
      await this.#beginHalf();
      return;
    }
    // A record that may or may not be there after a failure stays in the tail: more marks do no harm.
    for (let at = 0; at < records.length; ) {
      if (this.#tail.length === RECORDS_PER_SECTOR) {
        this.#tail = [];
        this.#tailIndex++;
      }
      const fitting = records.slice(at, at + RECORDS_PER_SECTOR - this.#tail.length);
      this.#tail.push(...fitting);
      at += fitting.length;
      await this.#writeSector(this.#generation, this.#tailIndex, this.#tail);
    }
    for (const { first, last } of records)
      for (let track = first; track <= last; track++) if (this.#wanted.has(track)) this.#marked.set(track);
  }

  /** Writes all that is wanted to the other half, its first sector last. */
  async #beginHalf(): Promise<void> {
    const records = this.#wantedRecords();
    const kept = new Bitmap(this.#wanted.length);
    for (const track of this.#wanted.indices()) kept.set(track);
    const generation = this.#nextGeneration;
    const sectors: LogRecord[][] = [];
    for (let at = 0; at < records.length; at += RECORDS_PER_SECTOR)
      sectors.push(records.slice(at, at + RECORDS_PER_SECTOR));
    if (sectors.length === 0) sectors.push([]);
    const baseSectors = sectors.length;
    // An attempt that failed may be on disk, whole or in part: the next one must not be taken for it.
    this.#nextGeneration += 2;
    for (let index = baseSectors - 1; index >= 0; index--)
      await this.#writeSector(generation, index, sectors[index] as LogRecord[], baseSectors);
    this.#nextGeneration = generation + 1;
    this.#compact = false;
    this.#generation = generation;
    this.#baseSectors = baseSectors;
    this.#tailIndex = baseSectors - 1;
    this.#tail = sectors.at(-1) as LogRecord[];
    for (const track of kept.indices()) if (this.#wanted.has(track)) this.#marked.set(track);
  }

  /** Runs of wanted tracks, joined over growing gaps until they fit. */
  #wantedRecords(): LogRecord[] {
    for (let gap = 0; ; gap = gap * 2 + 1) {
      const runs: { lsn: number; first: number; last: number }[] = [];
      for (const track of this.#wanted.indices()) {
        const run = runs.at(-1);
        if (run !== undefined && track - run.last <= gap + 1) run.last = track;
        else if (runs.push({ lsn: this.#lsn, first: track, last: track }) > BASE_RECORDS_MAX) break;
      }
      if (runs.length <= BASE_RECORDS_MAX) return runs;
    }
  }

  async #writeSector(
    generation: number,
    index: number,
    records: readonly LogRecord[],
    baseSectors = this.#baseSectors,
  ): Promise<void> {
    const bytes = new Uint8Array(SECTOR_BYTES);
    const view = new DataView(bytes.buffer);
    view.setUint32(0, MAGIC, true);
    view.setUint32(4, this.#pairId, true);
    view.setUint32(8, generation, true);
    view.setUint16(12, index, true);
    view.setUint16(14, records.length, true);
    view.setUint16(16, baseSectors, true);
    for (const [number, { lsn, first, last }] of records.entries()) {
      const at = HEADER_BYTES + number * RECORD_BYTES;
      view.setUint32(at, lsn % 0x1_0000_0000, true);
      view.setUint32(at + 4, Math.floor(lsn / 0x1_0000_0000), true);
      view.setUint32(at + 8, first, true);
      view.setUint32(at + 12, last, true);
    }
    view.setUint32(HEADER_BYTES - 4, checksum(bytes), true);
    const sector = (generation % 2) * HALF_SECTORS + index;
    await this.#disk.write(this.#offsetBytes + sector * SECTOR_BYTES, bytes, { fua: true });
  }

  async #readHalf(half: number): Promise<Half | "blank" | "corrupt"> {
    const halfBytes = HALF_SECTORS * SECTOR_BYTES;
    const bytes = await this.#disk.read(this.#offsetBytes + half * halfBytes, halfBytes);
    const first = this.#readSector(bytes, 0);
    if (first === "blank" || first === "corrupt") return first;
    if (first.generation % 2 !== half) return "corrupt";
    const { generation, baseSectors } = first;
    const sectors = [first.records];
    for (let index = 1; index < HALF_SECTORS; index++) {
      const sector = this.#readSector(bytes, index);
      if (typeof sector !== "string" && sector.generation === generation) {
        sectors.push(sector.records);
        continue;
      }
      // Blank or of an earlier time: nothing was appended here. Anything else was, and is unreadable.
      return { generation, baseSectors, sectors, whole: index >= baseSectors && sector !== "corrupt" };
    }
    return { generation, baseSectors, sectors, whole: true };
  }

  /** `blank`: nothing of this pair was ever written here. */
  #readSector(half: Uint8Array, index: number): Sector | "blank" | "corrupt" {
    const bytes = half.slice(index * SECTOR_BYTES, (index + 1) * SECTOR_BYTES);
    if (isZero(bytes)) return "blank";
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    if (view.getUint32(0, true) !== MAGIC || view.getUint32(HEADER_BYTES - 4, true) !== checksum(bytes))
      return "corrupt";
    if (view.getUint32(4, true) !== this.#pairId) return "blank";
    if (view.getUint16(12, true) !== index) return "corrupt";
    const records: LogRecord[] = [];
    for (let number = 0; number < view.getUint16(14, true); number++) {
      const at = HEADER_BYTES + number * RECORD_BYTES;
      const lsn = view.getUint32(at, true) + view.getUint32(at + 4, true) * 0x1_0000_0000;
      records.push({ lsn, first: view.getUint32(at + 8, true), last: view.getUint32(at + 12, true) });
    }
    return { generation: view.getUint32(8, true), baseSectors: view.getUint16(16, true), records };
  }
}

interface Sector {
  readonly generation: number;
  readonly baseSectors: number;
  readonly records: LogRecord[];
}

interface Half {
  readonly generation: number;
  readonly baseSectors: number;
  readonly sectors: LogRecord[][];
  /** False if a sector that belongs to it cannot be read. */
  readonly whole: boolean;
}

function checksum(sector: Uint8Array): number {
  return crc32c(sector.subarray(0, HEADER_BYTES - 4), sector.subarray(HEADER_BYTES));
}
