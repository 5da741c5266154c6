import { assert } from "../assert.ts";
import { type Disk, SECTOR_BYTES } from "../ports/index.ts";
import { crc32c } from "../wire/crc32c.ts";
import { Bitmap, type ReadonlyBits } from "../volume/bitmap.ts";
import type { IntentStore } from "./intent-store.ts";

const MAGIC = 0x31504d42; // "BMP1"
const HEADER_BYTES = 16;
const SECTOR_BITS_BYTES = SECTOR_BYTES - HEADER_BYTES;
/** Tracks that one sector of the bitmap speaks for. */
export const TRACKS_PER_SECTOR = SECTOR_BITS_BYTES * 8;
/** Clean tracks that stay marked on disk, because the next write there is then free. */
const STALE_TRACKS_MAX = 128;

/** Bytes on disk of the bitmap of a volume of `trackCount` tracks. */
export function intentBitmapBytes(trackCount: number): number {
  return Math.ceil(trackCount / TRACKS_PER_SECTOR) * SECTOR_BYTES;
}

/** Where an intent bitmap is on its disk, and whose it is: another's marks are not believed. */
export interface IntentPlace {
  readonly pairId: number;
  readonly offsetBytes: number;
  readonly trackCount: number;
}

/**
 * The durable side of a pending bitmap, and the intent log (rule 3): a track is marked here, durably,
 * before any byte of it is written, so after a crash every track that may differ is known. Marks
 * are cleared late and in bulk. Each sector has its own checksum: one that cannot be believed
 * counts as all marked, never as clean.
 *
 * On disk: sectors of `u32 magic, u32 pair id, u32 sector index, u32 CRC-32C of the rest`, 496 bytes of bits.
 */
export class IntentBitmap implements IntentStore {
  readonly isWarm = false;
  readonly #disk: Disk;
  readonly #offsetBytes: number;
  readonly #pairId: number;
  /** What the next write of each sector will hold: the pending tracks and some stale ones. */
  readonly #wanted: Bitmap;
  /** What is surely on disk: the same, but where a write is under way or has failed. */
  readonly #marked: Bitmap;
  readonly #sectorCount: number;
  readonly #isPending: (trackIndex: number) => boolean;
  /** By sector: the write under way, and the one that follows it. */
  readonly #writing = new Map<number, Promise<void>>();
  readonly #queued = new Map<number, Promise<void>>();
  #ended = false;

  /**
   * @param isPending what memory says: a track that must stay marked
   * @param pending most of those tracks, empty as yet: the marks take memory only where they differ
   */
  constructor(disk: Disk, place: IntentPlace, isPending: (trackIndex: number) => boolean, pending?: Bitmap) {
    this.#disk = disk;
    this.#offsetBytes = place.offsetBytes;
    this.#pairId = place.pairId;
    this.#wanted = new Bitmap(place.trackCount, pending);
    this.#marked = new Bitmap(place.trackCount, this.#wanted);
    this.#sectorCount = Math.ceil(place.trackCount / TRACKS_PER_SECTOR);
    this.#isPending = isPending;
  }

  /** What is surely on disk. */
  get marked(): ReadonlyBits {
    return this.#marked;
  }

  /** Reads the marks into `into`. @returns how many sectors could not be believed */
  async load(into: Bitmap): Promise<number> {
    const bytes = await this.#disk.read(this.#offsetBytes, this.#sectorCount * SECTOR_BYTES);
    let corrupt = 0;
    for (let sector = 0; sector < this.#sectorCount; sector++) {
      const at = sector * SECTOR_BYTES;
      const first = sector * TRACKS_PER_SECTOR;
      const content = bytes.subarray(at, at + SECTOR_BYTES);
      if (this.#valid(content, sector)) {
        this.#marked.mergeBytes(first, content.subarray(HEADER_BYTES));
        this.#wanted.mergeBytes(first, content.subarray(HEADER_BYTES));
        continue;
      }
      corrupt++;
      // Wanted, but not on disk: the next read may succeed and find the old marks, so they are not relied on.
      const end = Math.min(first + TRACKS_PER_SECTOR, this.#wanted.length);
      for (let track = first; track < end; track++) this.#wanted.set(track);
    }
    for (const track of this.#wanted.indices()) into.set(track);
    return corrupt;
  }

  lean(pending: Bitmap | undefined): void {
    this.#wanted.lean(pending);
  }

  /**
   * Writes every sector as memory says now: a new pair, or a merge of many tracks.
   * @throws DiskError when nothing of it is under way any more: whoever tries again may do so with another bitmap
   */
  async writeAll(): Promise<void> {
    for (let track = 0; track < this.#wanted.length; track++) if (this.#isPending(track)) this.#wanted.set(track);
    const sectors: Promise<void>[] = [];
    for (let sector = 0; sector < this.#sectorCount; sector++) sectors.push(this.#enqueue(sector));
    await Promise.allSettled(sectors);
    await Promise.all(sectors);
  }

  async end(): Promise<void> {
    this.#ended = true;
    await Promise.allSettled([...this.#writing.values(), ...this.#queued.values()]);
  }

  /**
   * Makes the marks of tracks `first` to `last` durable; `undefined` if they are already, which is
   * the common case. They must be pending in memory before the call.
   * @throws DiskError: the marks may or may not be there; do not write the data
   */
  mark(first: number, last: number): Promise<void> | undefined {
    let missing = -1;
    for (let track = first; track <= last; track++) {
      this.#wanted.set(track);
      if (missing < 0 && !this.#marked.has(track)) missing = track;
    }
    if (missing < 0) return undefined;
    const sectors: Promise<void>[] = [];
    for (let sector = sectorOf(missing); sector <= sectorOf(last); sector++) sectors.push(this.#enqueue(sector));
    return Promise.all(sectors).then(() => {});
  }

  /**
   * Clears the marks of these tracks, durable when it settles: also those whose mark another call is
   * just clearing. They are not pending. @throws DiskError: they may or may not be marked
   */
  async clear(tracks: readonly number[]): Promise<void> {
    const sectors = new Set(tracks.map(sectorOf));
    const cleared = tracks.filter((track) => this.#wanted.has(track));
    const changed = new Set(cleared.map(sectorOf));
    for (const track of cleared) this.#wanted.clear(track);
    const writes: Promise<void>[] = [];
    for (const sector of sectors) {
      const running = this.#queued.get(sector) ?? this.#writing.get(sector);
      if (changed.has(sector)) writes.push(this.#enqueue(sector));
      else if (running !== undefined) writes.push(running);
    }
    try {
      await Promise.all(writes);
    } catch (error) {
      // What is on disk is not known, so the next call must write it.
      for (const track of cleared) this.#wanted.set(track);
      throw error;
    }
  }

  /** Clears marks that memory does not need, once there are many or if `all`. @throws DiskError */
  async sweep(pendingCount: number, all: boolean): Promise<void> {
    if (this.#wanted.count - pendingCount <= (all ? 0 : STALE_TRACKS_MAX)) return;
    const sectors = new Set<number>();
    for (const track of this.#wanted.indices()) {
      if (this.#isPending(track)) continue;
      this.#wanted.clear(track);
      sectors.add(sectorOf(track));
    }
    await Promise.all([...sectors].map((sector) => this.#enqueue(sector)));
  }

  /** One write of a sector at a time; whoever comes during one shares the next. */
  #enqueue(sector: number): Promise<void> {
    const running = this.#writing.get(sector);
    if (running === undefined) return this.#start(sector);
    let queued = this.#queued.get(sector);
    if (queued === undefined) {
      const go = (): Promise<void> => {
        this.#queued.delete(sector);
        return this.#start(sector);
      };
      queued = running.then(go, go);
      this.#queued.set(sector, queued);
    }
    return queued;
  }

  #start(sector: number): Promise<void> {
    if (this.#ended) return Promise.resolve();
    const write = this.#writeSector(sector);
    this.#writing.set(sector, write);
    return write;
  }

  async #writeSector(sector: number): Promise<void> {
    const first = sector * TRACKS_PER_SECTOR;
    const end = Math.min(first + TRACKS_PER_SECTOR, this.#marked.length);
    const bits = this.#wanted.toBytes(first, TRACKS_PER_SECTOR);
    // A mark that is dropped cannot be relied on from now on, even before the write is done.
    this.#marked.keepCommon(this.#wanted, first, end);
    const content = new Uint8Array(SECTOR_BYTES);
    content.set(bits, HEADER_BYTES);
    this.#seal(content, sector);
    try {
      await this.#disk.write(this.#offsetBytes + sector * SECTOR_BYTES, content, { fua: true });
      this.#marked.mergeBytes(first, bits);
    } finally {
      // With one queued the sector stays busy, so that a newcomer joins it.
      if (!this.#queued.has(sector)) this.#writing.delete(sector);
    }
  }

  #seal(content: Uint8Array, sector: number): void {
    const view = new DataView(content.buffer);
    view.setUint32(0, MAGIC, true);
    view.setUint32(4, this.#pairId, true);
    view.setUint32(8, sector, true);
    view.setUint32(12, crc32c(content.subarray(0, 12), content.subarray(HEADER_BYTES)), true);
  }

  #valid(content: Uint8Array, sector: number): boolean {
    assert(content.length === SECTOR_BYTES, "a bitmap sector is one sector");
    const view = new DataView(content.buffer, content.byteOffset, SECTOR_BYTES);
    return (
      view.getUint32(0, true) === MAGIC &&
      view.getUint32(4, true) === this.#pairId &&
      view.getUint32(8, true) === sector &&
      view.getUint32(12, true) === crc32c(content.subarray(0, 12), content.subarray(HEADER_BYTES))
    );
  }
}

function sectorOf(trackIndex: number): number {
  return Math.floor(trackIndex / TRACKS_PER_SECTOR);
}
