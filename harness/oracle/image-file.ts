import { closeSync, ftruncateSync, openSync, writeSync, writevSync } from "node:fs";
import type { Content } from "./content.ts";

/** The kernel takes at most 1024 buffers at once. */
const BATCH_RANGES_MAX = 512;

/**
 * Writes `content` to a new sparse file, at once: when it returns the content may change again.
 *
 * @throws the file system's error, ENOSPC above all
 */
export function writeImageFile(path: string, content: Content): void {
  const file = openSync(path, "wx", 0o600);
  try {
    ftruncateSync(file, content.sizeBytes);
    let batch: Uint8Array[] = [];
    let batchStartBytes = 0;
    let batchEndBytes = 0;
    const writeBatch = (): void => {
      if (batch.length > 0) writeAll(file, batch, batchStartBytes, batchEndBytes - batchStartBytes);
      batch = [];
    };
    for (const { offsetBytes, data } of content.ranges()) {
      if (offsetBytes < 0 || offsetBytes + data.length > content.sizeBytes) {
        throw new Error(`content range ${offsetBytes} + ${data.length} lies outside ${content.sizeBytes} bytes`);
      }
      if (offsetBytes !== batchEndBytes || batch.length === BATCH_RANGES_MAX) {
        writeBatch();
        batchStartBytes = offsetBytes;
      }
      batch.push(data);
      batchEndBytes = offsetBytes + data.length;
    }
    writeBatch();
  } finally {
    closeSync(file);
  }
}

function writeAll(file: number, batch: readonly Uint8Array[], offsetBytes: number, lengthBytes: number): void {
  if (writevSync(file, batch, offsetBytes) === lengthBytes) return;
  // A short write, which happens when space runs out: piece by piece, until the error itself shows.
  let at = offsetBytes;
  for (const data of batch) {
    for (let doneBytes = 0; doneBytes < data.length; ) {
      const writtenBytes = writeSync(file, data, doneBytes, data.length - doneBytes, at + doneBytes);
      if (writtenBytes === 0) throw new Error(`the image file takes no more at byte ${at + doneBytes}`);
      doneBytes += writtenBytes;
    }
    at += data.length;
  }
}
