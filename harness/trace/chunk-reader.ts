const NOTHING = new Uint8Array(0);

/** Exact reads from a stream of chunks of any size. Holds one chunk at a time. */
export class ChunkReader {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #chunk: Uint8Array = NOTHING;
  #positionBytes = 0;
  #ended = false;

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  /** Bytes read so far. */
  get positionBytes(): number {
    return this.#positionBytes;
  }

  /** Fills `into` from its start; returns how many bytes there were, fewer only at the end. */
  async fill(into: Uint8Array): Promise<number> {
    let filledBytes = 0;
    while (filledBytes < into.length && (await this.#more())) {
      const piece = this.#chunk.subarray(0, into.length - filledBytes);
      into.set(piece, filledBytes);
      filledBytes += piece.length;
      this.#chunk = this.#chunk.subarray(piece.length);
    }
    this.#positionBytes += filledBytes;
    return filledBytes;
  }

  async atEnd(): Promise<boolean> {
    return !(await this.#more());
  }

  /** Tells the source that no more is wanted. */
  async close(): Promise<void> {
    this.#ended = true;
    this.#chunk = NOTHING;
    await this.#chunks.return?.();
  }

  async #more(): Promise<boolean> {
    while (this.#chunk.length === 0 && !this.#ended) {
      const next = await this.#chunks.next();
      if (next.done === true) this.#ended = true;
      else this.#chunk = next.value;
    }
    return this.#chunk.length > 0;
  }
}
