import { intentBitmapBytes } from "../mirror/intent-bitmap.ts";
import { SECTOR_BYTES } from "../ports/index.ts";
import type { Volume } from "../volume/volume.ts";
import { PAYLOAD_BYTES_MAX } from "../wire/frame.ts";
import type { JournalParts } from "./journal.ts";
import { RECORD_HEADER_BYTES } from "./journal-record.ts";
import { REWIND_ROOM_BYTES } from "./log-writer.ts";
import { TABLE_BYTES } from "./management-table.ts";

/** Bytes of a log volume for such a volume, at least. */
export function logBytesMin(volume: Pick<Volume, "sizeBytes" | "trackBytes">): number {
  const changeBytes = RECORD_HEADER_BYTES + Math.min(PAYLOAD_BYTES_MAX, volume.sizeBytes);
  return headBytes(volume) + REWIND_ROOM_BYTES + 2 * changeBytes;
}

/** Bytes of the log for records. */
export function logAreaBytes({ volume, log }: Pick<JournalParts, "volume" | "log">): number {
  return Math.floor((log.sizeBytes - headBytes(volume)) / SECTOR_BYTES) * SECTOR_BYTES;
}

/** The log volume begins with the table and the marks of two copies: into the base, and out of the journal. */
export function marksOffsetBytes(volume: Volume, which: "base" | "recovery"): number {
  return TABLE_BYTES + (which === "base" ? 0 : intentBitmapBytes(volume.trackCount));
}

/** What the log volume has before the records. */
export function headBytes({ sizeBytes, trackBytes }: Pick<Volume, "sizeBytes" | "trackBytes">): number {
  return TABLE_BYTES + 2 * intentBitmapBytes(Math.ceil(sizeBytes / trackBytes));
}
