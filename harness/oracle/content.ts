import type { DiskView } from "../world/run-world.ts";

/** What a volume holds, as it stands; every byte outside the ranges is zero. */
export interface Content {
  readonly sizeBytes: number;
  /** In any order, not overlapping; ascending and adjacent ones are written together. Data stays as it is until the iteration ends. */
  ranges(): Iterable<ContentRange>;
}

export interface ContentRange {
  readonly offsetBytes: number;
  readonly data: Uint8Array;
}

/** The whole of `bytes` as content. */
export function denseContent(bytes: Uint8Array): Content {
  return { sizeBytes: bytes.length, ranges: () => [{ offsetBytes: 0, data: bytes }] };
}

/** Small enough that a view of whole chunks is made without a copy. */
const PIECE_BYTES = 64 * 1024;

/** What a simulated disk, or a part of one, holds now. To be captured before time passes. */
export function viewContent(view: DiskView): Content {
  return { sizeBytes: view.sizeBytes, ranges: () => viewRanges(view) };
}

function* viewRanges(view: DiskView): Generator<ContentRange> {
  for (const { offsetBytes: startBytes, lengthBytes } of view.allocatedRanges()) {
    const endBytes = startBytes + lengthBytes;
    for (let at = startBytes; at < endBytes; ) {
      const pieceBytes = Math.min(endBytes - at, PIECE_BYTES - (at % PIECE_BYTES));
      yield { offsetBytes: at, data: view.peek(at, pieceBytes) };
      at += pieceBytes;
    }
  }
}
