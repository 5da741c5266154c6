import type { ByteRange, DiskView } from "../world/run-world.ts";
import { CHUNK_BYTES, SparseBytes } from "../world/sim/disk/sparse-bytes.ts";
import type { TraceEntry } from "./trace-entry.ts";

/**
 * The recorded device as a replay builds it up: what a volume must hold after a prefix of the
 * entries. Starts as zeros; can be compared with a disk.
 */
export class TraceVolume implements DiskView {
  readonly sizeBytes: number;
  readonly #bytes: SparseBytes;

  constructor(sizeBytes: number) {
    this.sizeBytes = sizeBytes;
    this.#bytes = new SparseBytes(sizeBytes);
  }

  apply(entry: TraceEntry): void {
    const endBytes = entry.offsetBytes + entry.lengthBytes;
    for (let at = entry.offsetBytes; at < endBytes; ) {
      const pieceEndBytes = Math.min(endBytes, at - (at % CHUNK_BYTES) + CHUNK_BYTES);
      if (entry.discard) this.#bytes.zeroPiece(at, pieceEndBytes - at);
      else this.#bytes.putPiece(at, entry.data.subarray(at - entry.offsetBytes, pieceEndBytes - entry.offsetBytes));
      at = pieceEndBytes;
    }
  }

  peek(offsetBytes: number, lengthBytes: number): Uint8Array {
    return this.#bytes.peek(offsetBytes, lengthBytes);
  }

  allocatedRanges(): readonly ByteRange[] {
    return this.#bytes.allocatedRanges();
  }
}
