import type { TraceEntry } from "./trace-entry.ts";

const CHUNK_BYTES = 64 * 1024;

/**
 * The recorded device as a replay builds it up: what the volume must hold after a prefix of the
 * entries. Starts as zeros and keeps only the chunks that were written.
 */
export class TraceVolume {
  readonly sizeBytes: number;
  readonly #chunks: (Uint8Array | undefined)[];

  constructor(sizeBytes: number) {
    this.sizeBytes = sizeBytes;
    this.#chunks = Array.from({ length: Math.ceil(sizeBytes / CHUNK_BYTES) }, () => undefined);
  }

  apply(entry: TraceEntry): void {
    const endBytes = entry.offsetBytes + entry.lengthBytes;
    for (let at = entry.offsetBytes; at < endBytes; ) {
      const chunkIndex = Math.floor(at / CHUNK_BYTES);
      const chunkStartBytes = chunkIndex * CHUNK_BYTES;
      const pieceEndBytes = Math.min(endBytes, chunkStartBytes + CHUNK_BYTES);
      if (entry.discard) {
        this.#chunks[chunkIndex]?.fill(0, at - chunkStartBytes, pieceEndBytes - chunkStartBytes);
      } else {
        const piece = entry.data.subarray(at - entry.offsetBytes, pieceEndBytes - entry.offsetBytes);
        this.#chunk(chunkIndex).set(piece, at - chunkStartBytes);
      }
      at = pieceEndBytes;
    }
  }

  /** Ascending; every byte outside the ranges is zero. The data is the volume's own: read it at once. */
  *ranges(): Generator<{ readonly offsetBytes: number; readonly data: Uint8Array }> {
    for (let index = 0; index < this.#chunks.length; index++) {
      const data = this.#chunks[index];
      if (data !== undefined) yield { offsetBytes: index * CHUNK_BYTES, data };
    }
  }

  /** The first byte at which `content` differs, or `undefined` if they are equal. */
  firstDifference(content: Uint8Array): number | undefined {
    if (content.length !== this.sizeBytes) throw new Error(`compared ${content.length} with ${this.sizeBytes} bytes`);
    for (let index = 0; index < this.#chunks.length; index++) {
      const chunk = this.#chunks[index];
      const startBytes = index * CHUNK_BYTES;
      const actual = content.subarray(startBytes, startBytes + CHUNK_BYTES);
      for (let at = 0; at < actual.length; at++) {
        if (actual[at] !== (chunk === undefined ? 0 : chunk[at])) return startBytes + at;
      }
    }
    return undefined;
  }

  #chunk(index: number): Uint8Array {
    const known = this.#chunks[index];
    if (known !== undefined) return known;
    const lengthBytes = Math.min(CHUNK_BYTES, this.sizeBytes - index * CHUNK_BYTES);
    const chunk = new Uint8Array(lengthBytes);
    this.#chunks[index] = chunk;
    return chunk;
  }
}
