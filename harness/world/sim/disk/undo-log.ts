import { SECTOR_BYTES } from "../../../../engine/ports/index.ts";
import { bufferPool } from "./buffer-pool.ts";
import { CHUNK_BYTES } from "./sparse-bytes.ts";

const SECTORS = 0;
const COUNT = 1;
const KIND = 2;
const REQUEST = 3;
const COLUMNS = 4;

/** What a record holds: the old bytes, the fact that they were zero, or that what is older no longer matters. */
const UndoKind = { bytes: 0, zeros: 1, barrier: 2 } as const;

const RECORDS_MIN = 64;
const RECORDS_MAX = 64 * 1024;
const RING_MIN_BYTES = CHUNK_BYTES;

/** What a pristine copy and torn writes add to few records. */
export interface UndoNote<Overlay> {
  /** What the pristine copy held in sectors that differed before this record. */
  overlay?: Map<number, Overlay>;
  /** Of a torn write: whether a power loss leaves this sector. */
  torn?: (sectorIndex: number) => boolean;
}

/**
 * What the volatile cache replaced and has not made durable yet: a queue of records, oldest first,
 * each with the bytes that a run of sectors (inside one chunk) held *before*. Positions are
 * sequence numbers that never repeat. Old bytes lie in one ring: no allocation a write.
 *
 * It is bounded as a real cache is: beyond `limitBytes` the oldest records leave, that is, the
 * device writes them back on its own.
 */
export class UndoLog<Overlay> {
  readonly notes = new Map<number, UndoNote<Overlay>>();
  readonly #limitBytes: number;
  readonly #ringMaxBytes: number;
  #records = new Int32Array(RECORDS_MIN * COLUMNS);
  /** Virtual positions in the ring, by record. */
  #positions = new Float64Array(RECORDS_MIN);
  #mask = RECORDS_MIN - 1;
  #head = 0;
  #tail = 0;
  #ring: Uint8Array | undefined;
  /** Virtual position of the next old bytes; modulo the ring's length it is the place. */
  #ringTail = 0;
  #dirtyBytes = 0;

  /** @param limitBytes at least one chunk */
  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
    this.#ringMaxBytes = limitBytes + 2 * CHUNK_BYTES;
  }

  /** The oldest record. */
  get head(): number {
    return this.#head;
  }

  /** One past the newest record. */
  get tail(): number {
    return this.#tail;
  }

  get isEmpty(): boolean {
    return this.#head === this.#tail;
  }

  /** Bytes written and not durable; a sector written twice counts twice. */
  get dirtyBytes(): number {
    return this.#dirtyBytes;
  }

  firstSector(sequence: number): number {
    return this.#records[(sequence & this.#mask) * COLUMNS + SECTORS] as number;
  }

  sectorCount(sequence: number): number {
    return this.#records[(sequence & this.#mask) * COLUMNS + COUNT] as number;
  }

  /** Instead of old bytes: what is older no longer matters. */
  isBarrier(sequence: number): boolean {
    return this.#kind(sequence) === UndoKind.barrier;
  }

  #kind(sequence: number): number {
    return this.#records[(sequence & this.#mask) * COLUMNS + KIND] as number;
  }

  /** Which request made it: the records of one request are neighbours. */
  request(sequence: number): number {
    return this.#records[(sequence & this.#mask) * COLUMNS + REQUEST] as number;
  }

  /** What `sectorIndex`, inside the record, held before; `undefined` for zeros. Valid until the next change. */
  oldSector(sequence: number, sectorIndex: number): Uint8Array | undefined {
    if (this.#kind(sequence) !== UndoKind.bytes || this.#ring === undefined) return undefined;
    const inRecord = (sectorIndex - this.firstSector(sequence)) * SECTOR_BYTES;
    const at = ((this.#positions[sequence & this.#mask] as number) % this.#ring.length) + inRecord;
    return this.#ring.subarray(at, at + SECTOR_BYTES);
  }

  /** Adds a record of `sectorCount` sectors whose old bytes are `old`, or zeros. Gives its sequence number. */
  save(firstSector: number, sectorCount: number, old: Uint8Array | undefined, request: number): number {
    const lengthBytes = sectorCount * SECTOR_BYTES;
    while (this.#dirtyBytes + lengthBytes > this.#limitBytes && !this.isEmpty) this.#dropOldest();
    const sequence = this.#add(firstSector, sectorCount, old === undefined ? UndoKind.zeros : UndoKind.bytes, request);
    this.#dirtyBytes += lengthBytes;
    if (old !== undefined) this.#keep(sequence, old);
    return sequence;
  }

  /** These sectors are durable as of now: older records of them no longer matter. */
  barrier(firstSector: number, sectorCount: number, request: number): void {
    if (!this.isEmpty) this.#add(firstSector, sectorCount, UndoKind.barrier, request);
  }

  /** Forgets the records before `sequence`: what they replaced is durable. */
  dropBefore(sequence: number): void {
    const end = Math.min(sequence, this.#tail);
    while (this.#head < end) this.#dropOldest();
  }

  /** Forgets every record and gives the memory of old bytes up. */
  release(): void {
    this.dropBefore(this.#tail);
    if (this.#ring !== undefined) bufferPool.release(this.#ring);
    this.#ring = undefined;
    this.#ringTail = 0;
  }

  #dropOldest(): void {
    const slot = (this.#head & this.#mask) * COLUMNS;
    if (this.#records[slot + KIND] !== UndoKind.barrier) {
      this.#dirtyBytes -= (this.#records[slot + COUNT] as number) * SECTOR_BYTES;
    }
    if (this.notes.size > 0) this.notes.delete(this.#head);
    this.#head++;
  }

  #add(firstSector: number, sectorCount: number, kind: number, request: number): number {
    if (this.#tail - this.#head > this.#mask) {
      if (this.#mask + 1 < RECORDS_MAX) this.#growRecords();
      else this.#dropOldest();
    }
    const sequence = this.#tail++;
    const slot = (sequence & this.#mask) * COLUMNS;
    this.#records[slot + SECTORS] = firstSector;
    this.#records[slot + COUNT] = sectorCount;
    this.#records[slot + KIND] = kind;
    this.#records[slot + REQUEST] = request;
    this.#positions[sequence & this.#mask] = this.#ringTail;
    return sequence;
  }

  /** Copies old bytes into the ring, whole: a piece that would wrap starts at the front. */
  #keep(sequence: number, old: Uint8Array): void {
    // Nothing else is kept: the front of the ring, used last, is still in the processor's cache.
    if (this.#head === sequence) this.#ringTail = 0;
    for (;;) {
      const capacity = this.#ring?.length ?? 0;
      if (this.#ring !== undefined) {
        const at = this.#ringTail % capacity;
        const start = at + old.length <= capacity ? this.#ringTail : this.#ringTail + capacity - at;
        // The record just added stands at the tail, so the head is a record of its own only before it.
        const oldest = this.#head === sequence ? start : (this.#positions[this.#head & this.#mask] as number);
        if (start + old.length - oldest <= capacity) {
          this.#ring.set(old, start % capacity);
          this.#positions[sequence & this.#mask] = start;
          this.#ringTail = start + old.length;
          return;
        }
      }
      if (capacity < this.#ringMaxBytes) this.#growRing(sequence);
      else this.#dropOldest();
    }
  }

  #growRing(newest: number): void {
    const before = this.#ring;
    const capacity = before === undefined ? RING_MIN_BYTES : Math.min(before.length * 2, this.#ringMaxBytes);
    // Old bytes are read only where they were put, so that a used buffer need not be zeroed.
    const ring = bufferPool.take(capacity);
    let at = 0;
    for (let sequence = this.#head; sequence < newest; sequence++) {
      const position = this.#positions[sequence & this.#mask] as number;
      this.#positions[sequence & this.#mask] = at;
      if (this.#kind(sequence) !== UndoKind.bytes || before === undefined) continue;
      const lengthBytes = this.sectorCount(sequence) * SECTOR_BYTES;
      const from = position % before.length;
      ring.set(before.subarray(from, from + lengthBytes), at);
      at += lengthBytes;
    }
    if (before !== undefined) bufferPool.release(before);
    this.#ring = ring;
    this.#ringTail = at;
  }

  #growRecords(): void {
    const mask = this.#mask * 2 + 1;
    const records = new Int32Array((mask + 1) * COLUMNS);
    const positions = new Float64Array(mask + 1);
    for (let sequence = this.#head; sequence < this.#tail; sequence++) {
      const from = (sequence & this.#mask) * COLUMNS;
      records.set(this.#records.subarray(from, from + COLUMNS), (sequence & mask) * COLUMNS);
      positions[sequence & mask] = this.#positions[sequence & this.#mask] as number;
    }
    this.#records = records;
    this.#positions = positions;
    this.#mask = mask;
  }
}
