import { assert } from "../assert.ts";

/** Words of a page; a power of two. */
export const PAGE_WORDS = 16;
const FULL_WORD = 0xffff_ffff;
/** In the table of pages: all words are zero, all are full, or the page stands in slot `entry - FIRST_SLOT`. */
const CLEAR = 0;
const FULL = 1;
const FIRST_SLOT = 2;
/** Slots of a slab. Behind the words of each stands the number of the page that it holds. */
const SLAB_SLOTS = 32;
const SLOT_WORDS = PAGE_WORDS + 1;

/**
 * Words of 32 bits in which pages that are all clear or all full take no room but a line of a table: 2 bytes
 * a page. Those in between stand close together in slabs of 2 KiB, whatever the order in which they come
 * and go. So the memory is never above 1.1 times that of a plain array, and next to nothing for
 * a set of few members or of nearly all in a row.
 */
export class PagedWords {
  readonly #table: Uint16Array | Uint32Array;
  readonly #slabs: Uint32Array[] = [];
  readonly #slabSlots: number;
  #used = 0;

  constructor(wordCount: number) {
    const pageCount = Math.ceil(wordCount / PAGE_WORDS);
    this.#table = pageCount + FIRST_SLOT < 0x1_0000 ? new Uint16Array(pageCount) : new Uint32Array(pageCount);
    this.#slabSlots = Math.min(SLAB_SLOTS, pageCount);
  }

  get(wordIndex: number): number {
    const entry = this.#table[wordIndex >>> 4] as number;
    if (entry < FIRST_SLOT) return entry === CLEAR ? 0 : FULL_WORD;
    const slot = entry - FIRST_SLOT;
    return (this.#slabs[slot >>> 5] as Uint32Array)[(slot & 31) * SLOT_WORDS + (wordIndex & 15)] as number;
  }

  /** Every word of the page: 0 clear, 1 full; -1 if they differ, or may. */
  uniform(page: number): 0 | 1 | -1 {
    const entry = this.#table[page];
    if (entry === CLEAR) return 0;
    return entry === FULL ? 1 : -1;
  }

  /** @param word unsigned */
  set(wordIndex: number, word: number): void {
    const page = wordIndex >>> 4;
    let entry = this.#table[page] as number;
    if (entry < FIRST_SLOT) {
      const filling = entry === CLEAR ? 0 : FULL_WORD;
      if (word === filling) return;
      entry = this.#place(page, filling);
    }
    const slot = entry - FIRST_SLOT;
    const slab = this.#slabs[slot >>> 5] as Uint32Array;
    const at = (slot & 31) * SLOT_WORDS;
    slab[at + (wordIndex & 15)] = word;
    if (word !== 0 && word !== FULL_WORD) return;
    for (let index = at; index < at + PAGE_WORDS; index++) if (slab[index] !== word) return;
    this.#table[page] = word === 0 ? CLEAR : FULL;
    this.#free(slot);
  }

  /** @returns the page's entry of the table */
  #place(page: number, filling: number): number {
    const slot = this.#used++;
    let slab = this.#slabs[slot >>> 5];
    if (slab === undefined) {
      slab = new Uint32Array(this.#slabSlots * SLOT_WORDS);
      this.#slabs.push(slab);
    }
    const at = (slot & 31) * SLOT_WORDS;
    for (let index = at; index < at + PAGE_WORDS; index++) slab[index] = filling;
    slab[at + PAGE_WORDS] = page;
    const entry = slot + FIRST_SLOT;
    this.#table[page] = entry;
    return entry;
  }

  /** The last slot moves into the one that is free. The first slab stays: one page often comes and goes. */
  #free(slot: number): void {
    const last = --this.#used;
    if (slot !== last) {
      const from = this.#slabs[last >>> 5];
      const to = this.#slabs[slot >>> 5];
      assert(from !== undefined && to !== undefined, "a slot that is used has its slab");
      const at = (last & 31) * SLOT_WORDS;
      to.set(from.subarray(at, at + SLOT_WORDS), (slot & 31) * SLOT_WORDS);
      this.#table[from[at + PAGE_WORDS] as number] = slot + FIRST_SLOT;
    }
    if ((last & 31) === 0 && last > 0) this.#slabs.pop();
  }
}
