import { SECTOR_BYTES } from "../../../../engine/ports/index.ts";
import { hashBytes, RollingHash } from "../../../history/rolling-hash.ts";
import type { ByteRange, DiskView } from "../../run-world.ts";
import { CHUNK_BYTES, firstUnequalWord, isZero, sameBytes } from "./sparse-bytes.ts";

/** Where on each side a comparison starts, and how long it is; whole sectors. */
export interface CompareRange {
  readonly leftOffsetBytes: number;
  readonly rightOffsetBytes: number;
  readonly lengthBytes: number;
}

/** Offset, from the start of the comparison, of the first byte that differs; -1 if all are equal. */
export function firstDifference(left: DiskView, right: DiskView, range = wholeOf(left, right)): number {
  for (const piece of pieces(left, right, range)) {
    const word = firstUnequalWord(piece.left, piece.right);
    if (word === -1) continue;
    for (let index = word * 4; ; index++)
      if (piece.left[index] !== piece.right[index]) return piece.offsetBytes + index;
  }
  return -1;
}

/**
 * Runs of sectors that differ, rising, offsets from the start of the comparison.
 *
 * @param runsMax stops after as many runs
 */
export function differences(
  left: DiskView,
  right: DiskView,
  range = wholeOf(left, right),
  runsMax = 10_000,
): ByteRange[] {
  const runs: { offsetBytes: number; lengthBytes: number }[] = [];
  for (const piece of pieces(left, right, range)) {
    if (sameBytes(piece.left, piece.right)) continue;
    for (let at = 0; at < piece.left.length; at += SECTOR_BYTES) {
      if (sameBytes(piece.left.subarray(at, at + SECTOR_BYTES), piece.right.subarray(at, at + SECTOR_BYTES))) continue;
      const offsetBytes = piece.offsetBytes + at;
      const last = runs[runs.length - 1];
      if (last !== undefined && last.offsetBytes + last.lengthBytes === offsetBytes) last.lengthBytes += SECTOR_BYTES;
      else if (runs.length === runsMax) return runs;
      else runs.push({ offsetBytes, lengthBytes: SECTOR_BYTES });
    }
  }
  return runs;
}

/** 16 hexadecimal digits over all bytes; where a chunk is zero, allocated or not makes no difference. */
export function contentDigest(content: DiskView): string {
  const hash = new RollingHash();
  let next = 0;
  for (const { offsetBytes, lengthBytes } of content.allocatedRanges()) {
    const last = Math.ceil((offsetBytes + lengthBytes) / CHUNK_BYTES);
    for (let index = Math.max(next, Math.floor(offsetBytes / CHUNK_BYTES)); index < last; index++) {
      const at = index * CHUNK_BYTES;
      const chunk = content.peek(at, Math.min(CHUNK_BYTES, content.sizeBytes - at));
      if (isZero(chunk)) continue;
      hash.word(index);
      hash.word(hashBytes(chunk));
    }
    next = last;
  }
  return hash.digest();
}

function wholeOf(left: DiskView, right: DiskView): CompareRange {
  if (left.sizeBytes !== right.sizeBytes) {
    throw new Error(`sizes differ: ${left.sizeBytes} and ${right.sizeBytes} bytes; name the range to compare`);
  }
  return { leftOffsetBytes: 0, rightOffsetBytes: 0, lengthBytes: left.sizeBytes };
}

/** Both sides piece by piece, no piece crossing a chunk of either; what is zero on both is left out. */
function* pieces(
  left: DiskView,
  right: DiskView,
  range: CompareRange,
): Generator<{ offsetBytes: number; left: Uint8Array; right: Uint8Array }> {
  const { leftOffsetBytes, rightOffsetBytes } = range;
  for (const part of union(
    within(left.allocatedRanges(), leftOffsetBytes, range.lengthBytes),
    within(right.allocatedRanges(), rightOffsetBytes, range.lengthBytes),
  )) {
    const endBytes = part.offsetBytes + part.lengthBytes;
    for (let at = part.offsetBytes; at < endBytes; ) {
      const pieceBytes = Math.min(
        endBytes - at,
        CHUNK_BYTES - ((leftOffsetBytes + at) % CHUNK_BYTES),
        CHUNK_BYTES - ((rightOffsetBytes + at) % CHUNK_BYTES),
      );
      yield {
        offsetBytes: at,
        left: left.peek(leftOffsetBytes + at, pieceBytes),
        right: right.peek(rightOffsetBytes + at, pieceBytes),
      };
      at += pieceBytes;
    }
  }
}

/** The parts of `ranges` inside a window, relative to its start. */
function within(ranges: readonly ByteRange[], windowBytes: number, lengthBytes: number): ByteRange[] {
  const parts: ByteRange[] = [];
  for (const range of ranges) {
    const start = Math.max(0, range.offsetBytes - windowBytes);
    const end = Math.min(lengthBytes, range.offsetBytes + range.lengthBytes - windowBytes);
    if (start < end) parts.push({ offsetBytes: start, lengthBytes: end - start });
  }
  return parts;
}

/** What lies in either list; both rise and each is without overlap. */
function union(left: readonly ByteRange[], right: readonly ByteRange[]): ByteRange[] {
  const all = [...left, ...right].sort((one, other) => one.offsetBytes - other.offsetBytes);
  const merged: { offsetBytes: number; lengthBytes: number }[] = [];
  for (const { offsetBytes, lengthBytes } of all) {
    const last = merged[merged.length - 1];
    if (last !== undefined && offsetBytes <= last.offsetBytes + last.lengthBytes) {
      last.lengthBytes = Math.max(last.lengthBytes, offsetBytes + lengthBytes - last.offsetBytes);
    } else merged.push({ offsetBytes, lengthBytes });
  }
  return merged;
}
