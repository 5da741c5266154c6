const CHUNK_ENTRIES = 1024;

/** One number for every index of a large range, of which few are ever other than zero. */
export class SparseColumn<A extends Int32Array | Float64Array> {
  readonly #make: (entryCount: number) => A;
  readonly #chunks: (A | undefined)[];

  constructor(entryCount: number, make: (entryCount: number) => A) {
    this.#make = make;
    this.#chunks = new Array<A | undefined>(Math.ceil(entryCount / CHUNK_ENTRIES));
  }

  get(index: number): number {
    const chunk = this.#chunks[(index / CHUNK_ENTRIES) | 0];
    return chunk === undefined ? 0 : (chunk[index % CHUNK_ENTRIES] as number);
  }

  set(index: number, value: number): void {
    const at = (index / CHUNK_ENTRIES) | 0;
    let chunk = this.#chunks[at];
    if (chunk === undefined) {
      if (value === 0) return;
      chunk = this.#make(CHUNK_ENTRIES);
      this.#chunks[at] = chunk;
    }
    chunk[index % CHUNK_ENTRIES] = value;
  }

  /** The first index at or after `index` whose neighbourhood was ever set, at most `end`. */
  skipEmpty(index: number, end: number): number {
    let at = index;
    while (at < end && this.#chunks[(at / CHUNK_ENTRIES) | 0] === undefined) {
      at = (((at / CHUNK_ENTRIES) | 0) + 1) * CHUNK_ENTRIES;
    }
    return Math.min(at, end);
  }
}

export const sparseInts = (entryCount: number): SparseColumn<Int32Array> =>
  new SparseColumn(entryCount, (count) => new Int32Array(count));

export const sparseFloats = (entryCount: number): SparseColumn<Float64Array> =>
  new SparseColumn(entryCount, (count) => new Float64Array(count));

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
