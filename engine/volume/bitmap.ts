import { AssertionError } from "../assert.ts";

/** One bit a track, with a count and a search that skips clean words. */
export class Bitmap {
  readonly length: number;
  readonly #words: Uint32Array;
  #count = 0;

  /** @param length number of tracks */
  constructor(length: number) {
    this.length = length;
    this.#words = new Uint32Array(Math.ceil(length / 32));
  }

  /** Bits set. */
  get count(): number {
    return this.#count;
  }

  has(index: number): boolean {
    return (((this.#words[index >>> 5] as number) >>> (index & 31)) & 1) === 1;
  }

  set(index: number): void {
    this.#check(index);
    const word = this.#words[index >>> 5] as number;
    const mask = (1 << (index & 31)) >>> 0;
    if ((word & mask) !== 0) return;
    this.#words[index >>> 5] = word | mask;
    this.#count++;
  }

  /** Called for every bit: its message is made only when it is needed. */
  #check(index: number): void {
    if (!(index >= 0 && index < this.length)) throw new AssertionError(`bit ${index} of ${this.length}`);
  }

  clear(index: number): void {
    this.#check(index);
    const word = this.#words[index >>> 5] as number;
    const mask = (1 << (index & 31)) >>> 0;
    if ((word & mask) === 0) return;
    this.#words[index >>> 5] = word & ~mask;
    this.#count--;
  }

  setAll(): void {
    for (let index = 0; index < this.length; index++) this.set(index);
  }

  clearAll(): void {
    this.#words.fill(0);
    this.#count = 0;
  }

  /** The first set bit at `from` or after; -1 if there is none. */
  next(from: number): number {
    if (this.#count === 0 || from >= this.length) return -1;
    let wordIndex = from >>> 5;
    let word = (this.#words[wordIndex] as number) & (0xffffffff << (from & 31));
    while (word === 0) {
      wordIndex++;
      if (wordIndex >= this.#words.length) return -1;
      word = this.#words[wordIndex] as number;
    }
    return wordIndex * 32 + (31 - Math.clz32(word & -word));
  }

  /** The last bit of the row of set bits that begins with `first`, of at most `lengthMax`. */
  runEnd(first: number, lengthMax: number): number {
    let last = first;
    while (last - first + 1 < lengthMax && last + 1 < this.length && this.has(last + 1)) last++;
    return last;
  }

  /** The set bits from `from` on, ascending. */
  *indices(from = 0): Generator<number> {
    for (let index = this.next(from); index >= 0; index = this.next(index + 1)) yield index;
  }

  /**
   * Bits `firstTrack` up to `firstTrack + trackCount`, cut at the end; bit 0 of byte 0 is `firstTrack`,
   * a multiple of 8. `ceil(trackCount / 8)` bytes.
   */
  toBytes(firstTrack = 0, trackCount = this.length): Uint8Array {
    const bytes = new Uint8Array(Math.ceil(trackCount / 8));
    const end = Math.min(firstTrack + trackCount, this.length);
    for (let track = this.next(firstTrack); track >= 0 && track < end; track = this.next(track + 1)) {
      const at = track - firstTrack;
      bytes[at >>> 3] = (bytes[at >>> 3] as number) | (1 << (at & 7));
    }
    return bytes;
  }

  /** Sets every bit from `firstTrack` on that is set in `bytes`, laid out as {@link toBytes} does. */
  mergeBytes(firstTrack: number, bytes: Uint8Array): void {
    for (let byteIndex = 0; byteIndex < bytes.length; byteIndex++) {
      const byte = bytes[byteIndex] as number;
      if (byte === 0) continue;
      for (let bit = 0; bit < 8; bit++) {
        const track = firstTrack + byteIndex * 8 + bit;
        if (((byte >>> bit) & 1) === 1 && track < this.length) this.set(track);
      }
    }
  }
}

/** The members of sets that each come in ascending order, each once, ascending. */
export function* unionOf(...sets: readonly Iterable<number>[]): Generator<number> {
  const heads = sets.map((set) => {
    const iterator = set[Symbol.iterator]();
    return { iterator, next: iterator.next() };
  });
  for (;;) {
    let least = Infinity;
    for (const { next } of heads) if (next.done !== true && next.value < least) least = next.value;
    if (least === Infinity) return;
    yield least;
    for (const head of heads)
      if (head.next.done !== true && head.next.value === least) head.next = head.iterator.next();
  }
}
