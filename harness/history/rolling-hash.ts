/**
 * The rolling hash of a run (HX-4): two 32-bit lanes, each a multiply-xorshift over every word
 * that is mixed in. It tells runs apart; it is no defence against an adversary.
 */
export class RollingHash {
  #high = 0x9e3779b9;
  #low = 0x85ebca6b;

  /** Mixes one 32-bit word; bits above are ignored. */
  word(value: number): void {
    let high = Math.imul(this.#high ^ value, 0xcc9e2d51);
    high ^= high >>> 15;
    let low = Math.imul(this.#low + value, 0x1b873593) ^ high;
    low ^= low >>> 13;
    this.#high = high;
    this.#low = low;
  }

  /** Mixes five words, as {@link word} does one by one; the state stays in registers meanwhile. */
  words5(w0: number, w1: number, w2: number, w3: number, w4: number): void {
    let high = Math.imul(this.#high ^ w0, 0xcc9e2d51);
    high ^= high >>> 15;
    let low = Math.imul(this.#low + w0, 0x1b873593) ^ high;
    low ^= low >>> 13;
    high = Math.imul(high ^ w1, 0xcc9e2d51);
    high ^= high >>> 15;
    low = Math.imul(low + w1, 0x1b873593) ^ high;
    low ^= low >>> 13;
    high = Math.imul(high ^ w2, 0xcc9e2d51);
    high ^= high >>> 15;
    low = Math.imul(low + w2, 0x1b873593) ^ high;
    low ^= low >>> 13;
    high = Math.imul(high ^ w3, 0xcc9e2d51);
    high ^= high >>> 15;
    low = Math.imul(low + w3, 0x1b873593) ^ high;
    low ^= low >>> 13;
    high = Math.imul(high ^ w4, 0xcc9e2d51);
    high ^= high >>> 15;
    low = Math.imul(low + w4, 0x1b873593) ^ high;
    low ^= low >>> 13;
    this.#high = high;
    this.#low = low;
  }

  /** 16 hexadecimal digits. */
  digest(): string {
    return hex32(this.#high) + hex32(this.#low);
  }
}

/** Eight hexadecimal digits of the low 32 bits. */
export function hex32(value: number): string {
  return (value >>> 0).toString(16).padStart(8, "0");
}

const scratch = new Uint32Array(16 * 1024);
const scratchBytes = new Uint8Array(scratch.buffer);

/** Up to here single bytes are put together: two calls into the runtime would cost more. */
const SMALL_BYTES = 64;

/** A 32-bit hash of `bytes`, the length included; the same on every platform of one byte order. */
export function hashBytes(bytes: Uint8Array): number {
  const lengthBytes = bytes.length;
  let first = 0x2545f491 ^ lengthBytes;
  let second = 0x9e3779b9;
  if (lengthBytes <= SMALL_BYTES) {
    let at = 0;
    for (; at + 4 < lengthBytes; at += 8) {
      first = Math.imul(first ^ wordAt(bytes, at), 0xcc9e2d51);
      second = Math.imul(second ^ wordAt(bytes, at + 4), 0x1b873593);
      first ^= first >>> 15;
      second ^= second >>> 13;
    }
    if (at < lengthBytes) first = Math.imul(first ^ wordAt(bytes, at), 0xcc9e2d51);
    return finish(first, second);
  }
  for (let start = 0; start < lengthBytes; start += scratchBytes.length) {
    const part = bytes.subarray(start, Math.min(start + scratchBytes.length, lengthBytes));
    const wordCount = (part.length + 3) >>> 2;
    // A copy to an aligned buffer costs less than reading words that are not aligned.
    if (wordCount > 0) scratch[wordCount - 1] = 0;
    scratchBytes.set(part);
    let index = 0;
    for (; index + 1 < wordCount; index += 2) {
      first = Math.imul(first ^ (scratch[index] as number), 0xcc9e2d51);
      second = Math.imul(second ^ (scratch[index + 1] as number), 0x1b873593);
      first ^= first >>> 15;
      second ^= second >>> 13;
    }
    if (index < wordCount) first = Math.imul(first ^ (scratch[index] as number), 0xcc9e2d51);
  }
  return finish(first, second);
}

function finish(first: number, second: number): number {
  const mixed = Math.imul(first ^ (second >>> 16) ^ (second << 7), 0x85ebca6b);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

/** Four bytes from `at`, little-endian; those beyond the end are 0. */
function wordAt(bytes: Uint8Array, at: number): number {
  return (
    (bytes[at] as number) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16) | ((bytes[at + 3] ?? 0) << 24)
  );
}

/** A 32-bit hash of `text`, UTF-16 unit by unit. */
export function hashText(text: string): number {
  let hash = 0x811c9dc5 ^ text.length;
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0xcc9e2d51);
    hash ^= hash >>> 15;
  }
  hash = Math.imul(hash, 0x85ebca6b);
  return (hash ^ (hash >>> 13)) >>> 0;
}
