import { assert, AssertionError } from "../assert.ts";
import { PAGE_WORDS, PagedWords } from "./paged-words.ts";

/** A {@link Bitmap} that others may look at. */
export type ReadonlyBits = Pick<Bitmap, "has" | "indices" | "count">;

/**
 * One bit a track, with a count and a search that skips what is clear. Parts that are all clear or all set
 * take next to no memory ({@link PagedWords}).
 *
 * A set that is nearly another one keeps only where the two differ: it *leans* on the other, which tells it of
 * its own changes. They are two sets all the same; neither changes with the other.
 */
export class Bitmap {
  readonly length: number;
  readonly #wordCount: number;
  /** Where this differs from what it leans on; the set itself without. */
  readonly #words: PagedWords;
  #on: Bitmap | undefined;
  /** What leans on this. */
  #leaning: Bitmap | undefined;
  #count = 0;

  /**
   * @param length number of tracks
   * @param on as of {@link lean}
   */
  constructor(length: number, on?: Bitmap) {
    this.length = length;
    this.#wordCount = Math.ceil(length / 32);
    this.#words = new PagedWords(this.#wordCount);
    if (on !== undefined) this.lean(on);
  }

  /**
   * From now on this takes memory only where it differs from `on`, a set that it is nearly equal to; on which
   * nothing else leans. Without one it stands alone. It holds what it held.
   */
  lean(on: Bitmap | undefined): void {
    if (on === this.#on) return;
    if (on !== undefined) {
      assert(on.length === this.length, "two sets that are nearly equal are of one length");
      assert(on.#leaning === undefined, "at most one set leans on another");
      on.#leaning = this;
    }
    for (let wordIndex = 0; wordIndex < this.#wordCount; wordIndex++) {
      const word = this.#word(wordIndex);
      this.#words.set(wordIndex, on === undefined ? word : (word ^ on.#word(wordIndex)) >>> 0);
    }
    if (this.#on !== undefined) this.#on.#leaning = undefined;
    this.#on = on;
  }

  /** Bits set. */
  get count(): number {
    return this.#count;
  }

  #word(wordIndex: number): number {
    const word = this.#words.get(wordIndex);
    return this.#on === undefined ? word : (word ^ this.#on.#word(wordIndex)) >>> 0;
  }

  has(index: number): boolean {
    return index >= 0 && index < this.length && this.#holds(index);
  }

  #holds(index: number): boolean {
    return ((this.#word(index >>> 5) >>> (index & 31)) & 1) === 1;
  }

  set(index: number): void {
    this.#check(index);
    if (this.#holds(index)) return;
    this.#flip(index >>> 5, 1 << (index & 31));
    this.#count++;
  }

  /** Called for every bit: its message is made only when it is needed. */
  #check(index: number): void {
    if (!(index >= 0 && index < this.length)) throw new AssertionError(`bit ${index} of ${this.length}`);
  }

  clear(index: number): void {
    this.#check(index);
    if (!this.#holds(index)) return;
    this.#flip(index >>> 5, 1 << (index & 31));
    this.#count--;
  }

  /** What leans on this keeps its bits: where the two differ changes instead. */
  #flip(wordIndex: number, bits: number): void {
    this.#words.set(wordIndex, (this.#words.get(wordIndex) ^ bits) >>> 0);
    const leaning = this.#leaning;
    if (leaning !== undefined) leaning.#words.set(wordIndex, (leaning.#words.get(wordIndex) ^ bits) >>> 0);
  }

  setAll(): void {
    const rest = this.length & 31;
    for (let wordIndex = 0; wordIndex < this.#wordCount; wordIndex++) {
      const isLast = wordIndex === this.#wordCount - 1 && rest > 0;
      const bits = this.#word(wordIndex) ^ (isLast ? (1 << rest) - 1 : 0xffff_ffff);
      if (bits !== 0) this.#flip(wordIndex, bits);
    }
    this.#count = this.length;
  }

  clearAll(): void {
    if (this.#count === 0) return;
    for (let wordIndex = 0; wordIndex < this.#wordCount; wordIndex++) {
      const bits = this.#word(wordIndex);
      if (bits !== 0) this.#flip(wordIndex, bits);
    }
    this.#count = 0;
  }

  /** Every bit of the page: 0 clear, 1 set; -1 if they differ, or may. */
  #uniform(page: number): 0 | 1 | -1 {
    const mine = this.#words.uniform(page);
    if (this.#on === undefined || mine < 0) return mine;
    const theirs = this.#on.#uniform(page);
    if (theirs < 0) return -1;
    return mine === theirs ? 0 : 1;
  }

  /** The first set bit at `from` or after; -1 if there is none. */
  next(from: number): number {
    if (this.#count === 0 || from >= this.length) return -1;
    let wordIndex = from >>> 5;
    let word = this.#word(wordIndex) & (0xffff_ffff << (from & 31));
    while (word === 0) {
      wordIndex++;
      while ((wordIndex & (PAGE_WORDS - 1)) === 0 && this.#uniform(wordIndex / PAGE_WORDS) === 0)
        wordIndex += PAGE_WORDS;
      if (wordIndex >= this.#wordCount) return -1;
      word = this.#word(wordIndex);
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
    for (let track = this.next(firstTrack); track >= 0 && track < end; track = this.next((track | 31) + 1)) {
      const wordIndex = track >>> 5;
      let bits = this.#word(wordIndex) & (0xffff_ffff << (track & 31));
      if (wordIndex * 32 + 32 > end) bits &= ~(0xffff_ffff << (end & 31));
      // The first word may begin before the first track; its bytes do not.
      let at = (wordIndex * 32 - firstTrack) / 8;
      for (; bits !== 0; bits >>>= 8) {
        if ((bits & 0xff) !== 0) bytes[at] = bits & 0xff;
        at++;
      }
    }
    return bytes;
  }

  /** Sets every bit from `firstTrack` on, a multiple of 8, that is set in `bytes`, laid out as {@link toBytes} does. */
  mergeBytes(firstTrack: number, bytes: Uint8Array): void {
    const byteCount = Math.min(bytes.length, Math.ceil((this.length - firstTrack) / 8));
    for (let byteIndex = 0; byteIndex < byteCount; byteIndex++) {
      const byte = bytes[byteIndex] as number;
      if (byte === 0) continue;
      const track = firstTrack + byteIndex * 8;
      const inLength = this.length - track < 8 ? (1 << (this.length - track)) - 1 : 0xff;
      const fresh = ((byte & inLength) << (track & 31)) & ~this.#word(track >>> 5);
      if (fresh === 0) continue;
      this.#flip(track >>> 5, fresh);
      this.#count += bitsOf(fresh);
    }
  }

  /** Clears every bit from `firstTrack` up to `endTrack` that is clear in `other`. Both are multiples of 32, or the end. */
  keepCommon(other: Bitmap, firstTrack: number, endTrack: number): void {
    for (let wordIndex = firstTrack >>> 5; wordIndex < Math.ceil(endTrack / 32); wordIndex++) {
      const gone = this.#word(wordIndex) & ~other.#word(wordIndex);
      if (gone === 0) continue;
      this.#flip(wordIndex, gone);
      this.#count -= bitsOf(gone);
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

/** How many bits of a word are set. */
function bitsOf(word: number): number {
  const pairs = word - ((word >>> 1) & 0x5555_5555);
  const fours = (pairs & 0x3333_3333) + ((pairs >>> 2) & 0x3333_3333);
  return Math.imul((fours + (fours >>> 4)) & 0x0f0f_0f0f, 0x0101_0101) >>> 24;
}
