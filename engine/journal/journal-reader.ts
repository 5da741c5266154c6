import { handled } from "../handled.ts";
import { DiskError, type Disk } from "../ports/index.ts";
import { CodecError } from "../wire/byte-codec.ts";
import type { JournalEntry } from "./log-table.ts";
import type { LogWriter } from "./log-writer.ts";

interface Piece {
  readonly startBytes: number;
  readonly endBytes: number;
  /** `undefined`: what is underneath. */
  readonly entry: JournalEntry | undefined;
}

/**
 * Which entry each byte of a range comes from, if the newest counts.
 * @param way newest first
 */
export function piecesOf(way: readonly JournalEntry[], offsetBytes: number, lengthBytes: number): Piece[] {
  const pieces: Piece[] = [];
  let open: [startBytes: number, endBytes: number][] = [[offsetBytes, offsetBytes + lengthBytes]];
  for (const entry of way) {
    if (open.length === 0) break;
    if ((entry.kind !== "write" && entry.kind !== "zero") || !entry.done) continue;
    const entryEndBytes = entry.offsetBytes + entry.lengthBytes;
    const rest: typeof open = [];
    for (const [start, end] of open) {
      const startBytes = Math.max(start, entry.offsetBytes);
      const endBytes = Math.min(end, entryEndBytes);
      if (startBytes >= endBytes) {
        rest.push([start, end]);
        continue;
      }
      pieces.push({ startBytes, endBytes, entry });
      if (start < startBytes) rest.push([start, startBytes]);
      if (endBytes < end) rest.push([endBytes, end]);
    }
    open = rest;
  }
  for (const [startBytes, endBytes] of open) pieces.push({ startBytes, endBytes, entry: undefined });
  return pieces;
}

/**
 * A range of `base` with the entries over it.
 * @param way newest first
 * @throws DiskError, also for an entry that its checksum does not fit
 */
export async function readOverlaid(
  base: Disk,
  log: LogWriter,
  way: readonly JournalEntry[],
  offsetBytes: number,
  lengthBytes: number,
): Promise<Uint8Array> {
  const result = new Uint8Array(lengthBytes);
  for (const { startBytes, endBytes, entry } of piecesOf(way, offsetBytes, lengthBytes)) {
    if (entry === undefined) result.set(await base.read(startBytes, endBytes - startBytes), startBytes - offsetBytes);
    else if (entry.kind === "write") {
      const data = await readEntry(log, entry);
      result.set(data.subarray(startBytes - entry.offsetBytes, endBytes - entry.offsetBytes), startBytes - offsetBytes);
    }
  }
  return result;
}

/** @throws DiskError */
async function readEntry(log: LogWriter, entry: JournalEntry): Promise<Uint8Array> {
  try {
    return await log.read(entry);
  } catch (error) {
    handled(error, CodecError);
    throw new DiskError("EIO", entry.position, entry.dataBytes);
  }
}
