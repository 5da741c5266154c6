/**
 * The rolling hash of a run (HX-4): two 32-bit lanes, each a multiply-xorshift over every word
 * that is mixed in. It tells runs apart; it is no defence against an adversary.
 */
export class RollingHash {
  // Signed from the start, as all that follow: a field that held any other number stays slower.
  #high = 0x9e3779b9 | 0;
  #low = 0x85ebca6b | 0;

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

const scratch = new Int32Array(16 * 1024);
const scratchBytes = new Uint8Array(scratch.buffer);

/** Up to here single bytes are put together: two calls into the runtime would cost more. */
const SMALL_BYTES = 32;

/**
 * A 32-bit hash of `bytes`, the length included; the same on every platform of one byte order. Four
 * lanes take the words in turn, as if zeros filled the last 16 bytes: no lane waits for another.
 */
export function hashBytes(bytes: Uint8Array): number {
  const lengthBytes = bytes.length;
  let a = 0x2545f491 ^ lengthBytes;
  let b = 0x9e3779b9;
  let c = 0x243f6a88;
  let d = 0x7f4a7c15;
  if (lengthBytes <= SMALL_BYTES) {
    for (let at = 0; at < lengthBytes; at += 16) {
      a = Math.imul(a ^ wordAt(bytes, at), 0xcc9e2d51);
      b = Math.imul(b ^ wordAt(bytes, at + 4), 0x1b873593);
      c = Math.imul(c ^ wordAt(bytes, at + 8), 0xe6546b65);
      d = Math.imul(d ^ wordAt(bytes, at + 12), 0x85ebca6b);
      a ^= a >>> 15;
      b ^= b >>> 13;
      c ^= c >>> 14;
      d ^= d >>> 16;
    }
    return finish(a, b, c, d);
  }
  for (let start = 0; start < lengthBytes; start += scratchBytes.length) {
    const part = lengthBytes <= scratchBytes.length ? bytes : bytes.subarray(start, start + scratchBytes.length);
    const wordCount = ((part.length + 15) >>> 4) << 2;
    for (let index = wordCount - 4; index < wordCount; index++) scratch[index] = 0;
    // A copy to an aligned buffer costs less than reading words that are not aligned.
    scratchBytes.set(part);
    for (let index = 0; index < wordCount; index += 4) {
      a = Math.imul(a ^ (scratch[index] as number), 0xcc9e2d51);
      b = Math.imul(b ^ (scratch[index + 1] as number), 0x1b873593);
      c = Math.imul(c ^ (scratch[index + 2] as number), 0xe6546b65);
      d = Math.imul(d ^ (scratch[index + 3] as number), 0x85ebca6b);
      a ^= a >>> 15;
      b ^= b >>> 13;
      c ^= c >>> 14;
      d ^= d >>> 16;
    }
  }
  return finish(a, b, c, d);
}

function finish(a: number, b: number, c: number, d: number): number {
  let mixed = Math.imul(a ^ (b >>> 16) ^ (b << 7), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 15) ^ c, 0xcc9e2d51);
  mixed = Math.imul(mixed ^ (mixed >>> 13) ^ d, 0x1b873593);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

/** Four bytes from `at`, little-endian; those beyond the end are 0. */
function wordAt(bytes: Uint8Array, at: number): number {
  const lengthBytes = bytes.length;
  // Whole words first and without a look beyond the end: small messages have hardly any other.
  if (at + 4 <= lengthBytes) {
    return (
      (bytes[at] as number) |
      ((bytes[at + 1] as number) << 8) |
      ((bytes[at + 2] as number) << 16) |
      ((bytes[at + 3] as number) << 24)
    );
  }
  let word = 0;
  for (let byte = lengthBytes - 1; byte >= at; byte--) word = (word << 8) | (bytes[byte] as number);
  return word;
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
