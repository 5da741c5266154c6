import { Fifo } from "./fifo.ts";

/** Bytes in order, as a kernel buffer keeps them: the borders between the chunks pushed do not survive. */
export class ByteQueue {
  readonly #chunks = new Fifo<Uint8Array>();
  /** Bytes of the first chunk that were taken before. */
  #taken = 0;
  #lengthBytes = 0;

  get lengthBytes(): number {
    return this.#lengthBytes;
  }

  push(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#chunks.push(bytes);
    this.#lengthBytes += bytes.length;
  }

  /** The next bytes, at most `maxBytes`; copied only where they come from several chunks. */
  take(maxBytes: number): Uint8Array {
    const length = Math.min(maxBytes, this.#lengthBytes);
    const first = this.#chunks.first();
    if (first === undefined || length === 0) return new Uint8Array(0);
    if (length <= first.length - this.#taken) return this.#takeFirst(first, length);
    const out = new Uint8Array(length);
    for (let at = 0; at < length; ) {
      const chunk = this.#chunks.first() as Uint8Array;
      const part = this.#takeFirst(chunk, Math.min(chunk.length - this.#taken, length - at));
      out.set(part, at);
      at += part.length;
    }
    return out;
  }

  /** Forgets everything; gives the number of bytes lost. */
  clear(): number {
    const lost = this.#lengthBytes;
    this.#chunks.clear();
    this.#taken = 0;
    this.#lengthBytes = 0;
    return lost;
  }

  #takeFirst(first: Uint8Array, length: number): Uint8Array {
    const from = this.#taken;
    this.#lengthBytes -= length;
    if (from + length === first.length) {
      this.#chunks.shift();
      this.#taken = 0;
      return from === 0 ? first : first.subarray(from);
    }
    this.#taken = from + length;
    return first.subarray(from, from + length);
  }
}
