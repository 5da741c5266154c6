import { bufferPool } from "./buffer-pool.ts";

/** The unit of allocation of a {@link SparseBytes}. */
export const CHUNK_BYTES = 64 * 1024;

// Read only by agreement: handed out wherever nothing was written.
const zeros = new Uint8Array(CHUNK_BYTES);

/**
 * Bytes of which most are zero: chunks of 64 KiB, allocated at the first write that is not zero.
 * Knows nothing of durability or faults.
 */
export class SparseBytes {
  readonly sizeBytes: number;
  readonly #chunks = new Map<number, Uint8Array>();

  constructor(sizeBytes: number) {
    this.sizeBytes = sizeBytes;
  }

  /** The chunk itself, to be read; `undefined` where all is zero. The last one of a device may be shorter. */
  chunk(chunkIndex: number): Uint8Array | undefined {
    return this.#chunks.get(chunkIndex);
  }

  /** Indices of the allocated chunks, rising. */
  chunkIndices(): number[] {
    return [...this.#chunks.keys()].sort((left, right) => left - right);
  }

  /** The allocated chunks as byte ranges, rising, neighbours merged. */
  allocatedRanges(): { offsetBytes: number; lengthBytes: number }[] {
    const ranges: { offsetBytes: number; lengthBytes: number }[] = [];
    for (const chunkIndex of this.chunkIndices()) {
      const offsetBytes = chunkIndex * CHUNK_BYTES;
      const lengthBytes = Math.min(CHUNK_BYTES, this.sizeBytes - offsetBytes);
      const last = ranges[ranges.length - 1];
      if (last !== undefined && last.offsetBytes + last.lengthBytes === offsetBytes) last.lengthBytes += lengthBytes;
      else ranges.push({ offsetBytes, lengthBytes });
    }
    return ranges;
  }

  /** Writes a piece that lies in one chunk. */
  putPiece(offsetBytes: number, piece: Uint8Array): void {
    const chunkIndex = Math.floor(offsetBytes / CHUNK_BYTES);
    let chunk = this.#chunks.get(chunkIndex);
    if (chunk === undefined) {
      if (isZero(piece)) return;
      const startBytes = chunkIndex * CHUNK_BYTES;
      chunk = zeroedChunk(Math.min(CHUNK_BYTES, this.sizeBytes - startBytes), piece.length);
      this.#chunks.set(chunkIndex, chunk);
    }
    chunk.set(piece, offsetBytes - chunkIndex * CHUNK_BYTES);
  }

  /** Writes bytes wherever they lie. */
  put(offsetBytes: number, bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; ) {
      const local = (offsetBytes + at) % CHUNK_BYTES;
      const pieceBytes = Math.min(CHUNK_BYTES - local, bytes.length - at);
      this.putPiece(offsetBytes + at, bytes.subarray(at, at + pieceBytes));
      at += pieceBytes;
    }
  }

  /** Zeroes a piece that lies in one chunk; a chunk that is covered whole is given back. */
  zeroPiece(offsetBytes: number, lengthBytes: number): void {
    const chunkIndex = Math.floor(offsetBytes / CHUNK_BYTES);
    const chunk = this.#chunks.get(chunkIndex);
    if (chunk === undefined) return;
    if (lengthBytes === chunk.length) this.#chunks.delete(chunkIndex);
    else {
      const local = offsetBytes - chunkIndex * CHUNK_BYTES;
      chunk.fill(0, local, local + lengthBytes);
    }
  }

  /** Zeroes bytes wherever they lie. */
  zero(offsetBytes: number, lengthBytes: number): void {
    const endBytes = offsetBytes + lengthBytes;
    for (let at = offsetBytes; at < endBytes; ) {
      const pieceBytes = Math.min(CHUNK_BYTES - (at % CHUNK_BYTES), endBytes - at);
      this.zeroPiece(at, pieceBytes);
      at += pieceBytes;
    }
  }

  /** True if nothing is allocated there, so all is zeros. Looks at no byte. */
  isEmpty(offsetBytes: number, lengthBytes: number): boolean {
    const end = Math.ceil((offsetBytes + lengthBytes) / CHUNK_BYTES);
    for (let index = Math.floor(offsetBytes / CHUNK_BYTES); index < end; index++)
      if (this.#chunks.has(index)) return false;
    return true;
  }

  /** Gives the memory up: all is zeros. */
  release(): void {
    for (const chunk of this.#chunks.values()) if (chunk.length === CHUNK_BYTES) bufferPool.release(chunk);
    this.#chunks.clear();
  }

  /** The bytes, without a copy where they lie in one chunk. Not to be changed, nor kept past the next change. */
  peek(offsetBytes: number, lengthBytes: number): Uint8Array {
    const chunkIndex = Math.floor(offsetBytes / CHUNK_BYTES);
    const local = offsetBytes - chunkIndex * CHUNK_BYTES;
    if (local + lengthBytes > CHUNK_BYTES) return this.copy(offsetBytes, lengthBytes);
    return (this.#chunks.get(chunkIndex) ?? zeros).subarray(local, local + lengthBytes);
  }

  /** The bytes, in `into` or in a buffer of their own. */
  copy(offsetBytes: number, lengthBytes: number, into?: Uint8Array): Uint8Array {
    const bytes = into ?? new Uint8Array(lengthBytes);
    const endBytes = offsetBytes + lengthBytes;
    for (let at = offsetBytes; at < endBytes; ) {
      const chunkIndex = Math.floor(at / CHUNK_BYTES);
      const local = at - chunkIndex * CHUNK_BYTES;
      const pieceBytes = Math.min(CHUNK_BYTES - local, endBytes - at);
      const chunk = this.#chunks.get(chunkIndex);
      if (chunk !== undefined) {
        const whole = pieceBytes === chunk.length;
        bytes.set(whole ? chunk : chunk.subarray(local, local + pieceBytes), at - offsetBytes);
      } else if (into !== undefined) bytes.fill(0, at - offsetBytes, at - offsetBytes + pieceBytes);
      at += pieceBytes;
    }
    return bytes;
  }
}

/** @param filledBytes the first write to it; one of the whole chunk leaves nothing to zero */
function zeroedChunk(lengthBytes: number, filledBytes: number): Uint8Array {
  if (lengthBytes < CHUNK_BYTES) return new Uint8Array(lengthBytes);
  const chunk = bufferPool.take(CHUNK_BYTES);
  return filledBytes === CHUNK_BYTES ? chunk : chunk.fill(0);
}

/** True if every byte is zero. Stops at the first that is not. */
export function isZero(bytes: Uint8Array): boolean {
  if ((bytes.byteOffset | bytes.length) % 4 !== 0) return bytes.every((byte) => byte === 0);
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  for (let index = 0; index < words.length; index++) if (words[index] !== 0) return false;
  return true;
}

/** True if both hold the same bytes; both as long as each other and aligned to words. */
export function sameBytes(left: Uint8Array, right: Uint8Array): boolean {
  return firstUnequalWord(left, right) === -1;
}

/** Index of the first 32-bit word that differs, -1 for none. Both as long as each other and aligned to words. */
export function firstUnequalWord(left: Uint8Array, right: Uint8Array): number {
  const leftWords = wordsOf(left);
  const rightWords = wordsOf(right);
  const wordCount = leftWords.length;
  for (let index = 0; index < wordCount; index++) if (leftWords[index] !== rightWords[index]) return index;
  return -1;
}

function wordsOf(bytes: Uint8Array): Uint32Array {
  if (bytes.byteOffset % 4 !== 0) return wordsOf(bytes.slice());
  return new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
}
