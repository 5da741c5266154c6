import {
  DMLOG_DISCARD,
  DMLOG_ENTRY_HEADER_BYTES,
  DMLOG_FLUSH,
  DMLOG_FUA,
  DMLOG_MAGIC,
  DMLOG_MARK,
  DMLOG_SECTOR_BYTES,
  DMLOG_VERSION,
} from "./dmlog-format.ts";
import type { TraceEntry } from "./trace-entry.ts";

/** The dm-log-writes log of `entries`, as {@link readDmlog} reads it; indexes are given by position. */
export function encodeDmlog(entries: readonly TraceEntry[]): Uint8Array {
  const encoder = new TextEncoder();
  const dataBytes = entries.reduce((sum, entry) => sum + entry.data.length, 0);
  const log = new Uint8Array(DMLOG_SECTOR_BYTES * (1 + entries.length) + dataBytes);
  const fields = new DataView(log.buffer);
  fields.setBigUint64(0, DMLOG_MAGIC, true);
  fields.setBigUint64(8, DMLOG_VERSION, true);
  fields.setBigUint64(16, BigInt(entries.length), true);
  fields.setUint32(24, DMLOG_SECTOR_BYTES, true);

  let at = DMLOG_SECTOR_BYTES;
  for (const entry of entries) {
    const text = encoder.encode(entry.mark);
    if (text.length > DMLOG_SECTOR_BYTES - DMLOG_ENTRY_HEADER_BYTES)
      throw new Error("the mark does not fit its sector");
    const flags =
      (entry.flush ? DMLOG_FLUSH : 0) |
      (entry.fua ? DMLOG_FUA : 0) |
      (entry.discard ? DMLOG_DISCARD : 0) |
      (entry.mark !== "" ? DMLOG_MARK : 0);
    fields.setBigUint64(at, BigInt(entry.offsetBytes / DMLOG_SECTOR_BYTES), true);
    fields.setBigUint64(at + 8, BigInt(entry.lengthBytes / DMLOG_SECTOR_BYTES), true);
    fields.setBigUint64(at + 16, BigInt(flags), true);
    fields.setBigUint64(at + 24, BigInt(text.length), true);
    log.set(text, at + DMLOG_ENTRY_HEADER_BYTES);
    log.set(entry.data, at + DMLOG_SECTOR_BYTES);
    at += DMLOG_SECTOR_BYTES + entry.data.length;
  }
  return log;
}
