import { SECTOR_BYTES } from "../../engine/ports/index.ts";

const SECTOR_WORDS = SECTOR_BYTES / 4;
const PIECE_BYTES = 64 * 1024;
const alignedWords = new Uint32Array(PIECE_BYTES / 4);
const aligned = new Uint8Array(alignedWords.buffer);
/** Up to here a copy costs less than a view of another type. */
const SMALL_BYTES = 16 * 1024;

/** What {@link hashSectors} gives for a sector of zeros, so that an empty table means an empty disk. */
export const ZERO_HASH = 0;

/**
 * A 53-bit hash of every sector of `bytes` (whole sectors), into `hashes` from index 0. Content is
 * known by its hash here; by chance two sectors agree once in 9e15 comparisons.
 */
export function hashSectors(bytes: Uint8Array, hashes: Float64Array): void {
  const sectorCount = bytes.length / SECTOR_BYTES;
  if (bytes.length <= SMALL_BYTES) {
    aligned.set(bytes);
    hashWords(alignedWords, sectorCount, hashes, 0);
    return;
  }
  if (bytes.byteOffset % 4 === 0) {
    hashWords(new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4), sectorCount, hashes, 0);
    return;
  }
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
    const piece = bytes.subarray(at, at + PIECE_BYTES);
    aligned.set(piece);
    hashWords(alignedWords, piece.length / SECTOR_BYTES, hashes, at / SECTOR_BYTES);
  }
}

function hashWords(words: Uint32Array, sectorCount: number, hashes: Float64Array, firstSector: number): void {
  for (let sector = 0; sector < sectorCount; sector++) {
    hashes[firstSector + sector] = hashSector(words, sector * SECTOR_WORDS);
  }
}

/** Four lanes, because one multiplication has to wait for the one before it in its lane. */
function hashSector(words: Uint32Array, start: number): number {
  let first = 0x2545f491;
  let second = 0x9e3779b9;
  let third = 0x85ebca6b;
  let fourth = 0x27d4eb2f;
  for (let index = start; index < start + SECTOR_WORDS; index += 4) {
    first = Math.imul(first ^ (words[index] as number), 0xcc9e2d51);
    second = Math.imul(second ^ (words[index + 1] as number), 0x1b873593);
    third = Math.imul(third ^ (words[index + 2] as number), 0x21f0aaad);
    fourth = Math.imul(fourth ^ (words[index + 3] as number), 0x735a2d97);
    first ^= first >>> 15;
    second ^= second >>> 13;
    third ^= third >>> 14;
    fourth ^= fourth >>> 16;
  }
  let high = Math.imul(first ^ (third >>> 7) ^ (second << 11), 0x85ebca6b);
  high = Math.imul(high ^ (high >>> 15) ^ fourth, 0x21f0aaad);
  let low = Math.imul(second ^ (fourth << 9) ^ (third >>> 5), 0x735a2d97);
  low = Math.imul(low ^ (low >>> 13) ^ first ^ third, 0xc2b2ae35);
  low ^= low >>> 16;
  const hash = ((high ^ (high >>> 11)) >>> 11) * 0x1_0000_0000 + (low >>> 0);
  return hash === zeros ? ZERO_HASH : hash;
}

// The raw hash of zeros, known only once the function has run on them.
let zeros = -1;
zeros = hashSector(new Uint32Array(SECTOR_WORDS), 0);
