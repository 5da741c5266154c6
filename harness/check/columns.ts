const CHUNK_SHIFT = 9;
const CHUNK_ENTRIES = 1 << CHUNK_SHIFT;
const CHUNK_MASK = CHUNK_ENTRIES - 1;

/**
 * A 32-bit number for every index of a large range, of which few are ever other than zero. Written
 * out beside {@link SparseFloats}: one kind of array in each keeps both fast.
 */
export class SparseInts {
  readonly #chunks: (Int32Array | undefined)[];

  constructor(entryCount: number) {
    this.#chunks = new Array<Int32Array | undefined>(Math.ceil(entryCount / CHUNK_ENTRIES)).fill(undefined);
  }

  get(index: number): number {
    const chunk = this.#chunks[index >> CHUNK_SHIFT];
    return chunk === undefined ? 0 : (chunk[index & CHUNK_MASK] as number);
  }

  set(index: number, value: number): void {
    let chunk = this.#chunks[index >> CHUNK_SHIFT];
    if (chunk === undefined) {
      if (value === 0) return;
      chunk = new Int32Array(CHUNK_ENTRIES);
      this.#chunks[index >> CHUNK_SHIFT] = chunk;
    }
    chunk[index & CHUNK_MASK] = value;
  }

  /** The first index at or after `index` whose neighbourhood was ever set, at most `end`. */
  skipEmpty(index: number, end: number): number {
    return skipEmpty(this.#chunks, index, end);
  }
}

/** As {@link SparseInts}, for numbers of 53 bits. */
export class SparseFloats {
  readonly #chunks: (Float64Array | undefined)[];

  constructor(entryCount: number) {
    this.#chunks = new Array<Float64Array | undefined>(Math.ceil(entryCount / CHUNK_ENTRIES)).fill(undefined);
  }

  get(index: number): number {
    const chunk = this.#chunks[index >> CHUNK_SHIFT];
    return chunk === undefined ? 0 : (chunk[index & CHUNK_MASK] as number);
  }

  set(index: number, value: number): void {
    let chunk = this.#chunks[index >> CHUNK_SHIFT];
    if (chunk === undefined) {
      if (value === 0) return;
      chunk = new Float64Array(CHUNK_ENTRIES);
      this.#chunks[index >> CHUNK_SHIFT] = chunk;
    }
    chunk[index & CHUNK_MASK] = value;
  }

  /** The first index at or after `index` whose neighbourhood was ever set, at most `end`. */
  skipEmpty(index: number, end: number): number {
    return skipEmpty(this.#chunks, index, end);
  }
}

function skipEmpty(chunks: readonly unknown[], index: number, end: number): number {
  let at = index;
  while (at < end && chunks[at >> CHUNK_SHIFT] === undefined) at = ((at >> CHUNK_SHIFT) + 1) * CHUNK_ENTRIES;
  return Math.min(at, end);
}

export const doubledInts = (column: Int32Array): Int32Array => {
  const longer = new Int32Array(column.length * 2);
  longer.set(column);
  return longer;
};

export const doubledFloats = (column: Float64Array): Float64Array => {
  const longer = new Float64Array(column.length * 2);
  longer.set(column);
  return longer;
};

export const doubledBytes = (column: Uint8Array): Uint8Array => {
  const longer = new Uint8Array(column.length * 2);
  longer.set(column);
  return longer;
};
