import { SECTOR_BYTES } from "../../engine/ports/index.ts";

/** "RSLV", read as a little-endian word. */
const MAGIC = 0x564c5352;
const WORDS = SECTOR_BYTES / 4;
const SLAB_WORDS = 64 * 1024;
/** Small writes lie side by side in one buffer, each in bytes of its own: an allocation for hundreds of them. */
let slab = new Uint32Array(0);
let slabUsed = 0;

/**
 * Bytes in which every sector says who wrote it: magic, volume, sector index (two words), write
 * sequence, checksum of these; then filler drawn from them. No two sectors of a run are equal.
 *
 * @param volumeTag 32 bits that stand for the volume
 * @param writeSequence of the host write, unique in the run
 */
export function stampedSectors(
  volumeTag: number,
  offsetBytes: number,
  lengthBytes: number,
  writeSequence: number,
): Uint8Array {
  const wordCount = lengthBytes / 4;
  if (slabUsed + wordCount > slab.length) {
    slab = new Uint32Array(Math.max(SLAB_WORDS, wordCount));
    slabUsed = 0;
  }
  const words = slab;
  const start = slabUsed;
  slabUsed += wordCount;
  let sectorIndex = offsetBytes / SECTOR_BYTES;
  for (let at = start; at < start + wordCount; at += WORDS) {
    const low = sectorIndex | 0;
    const high = Math.floor(sectorIndex / 0x1_0000_0000);
    let state =
      Math.imul(volumeTag ^ Math.imul(low, 0x9e3779b1) ^ Math.imul(writeSequence, 0x85ebca77) ^ high, 0xc2b2ae3d) | 1;
    words[at] = MAGIC;
    words[at + 1] = volumeTag;
    words[at + 2] = low;
    words[at + 3] = high;
    words[at + 4] = writeSequence;
    words[at + 5] = state;
    for (let word = 6; word < WORDS; word++) {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      words[at + word] = state;
    }
    sectorIndex++;
  }
  return new Uint8Array(words.buffer, 4 * start, lengthBytes);
}
