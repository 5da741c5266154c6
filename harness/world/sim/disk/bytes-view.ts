import type { DiskView } from "../../run-world.ts";

/** Bytes in memory, to be compared with a disk. Not a copy; whole sectors. */
export function bytesView(bytes: Uint8Array): DiskView {
  return {
    sizeBytes: bytes.length,
    peek: (offsetBytes, lengthBytes) => bytes.subarray(offsetBytes, offsetBytes + lengthBytes),
    allocatedRanges: () => [{ offsetBytes: 0, lengthBytes: bytes.length }],
  };
}
