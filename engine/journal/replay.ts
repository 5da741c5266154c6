import { SECTOR_BYTES } from "../ports/index.ts";
import type { Bitmap } from "../volume/bitmap.ts";
import type { Extent } from "../volume/volume.ts";
import type { Journal } from "./journal.ts";
import { readOverlaid } from "./journal-reader.ts";

/** What is compared and written again at once. */
const CHUNK_BYTES = 64 * 1024;

/**
 * Brings the volume, after a crash, to what its journal says: of every change that is not known to be
 * durable in place, what is not there is written again, in its newest form only, so no sector goes
 * back. Mirrors hear of it like of the change itself.
 * @param displaced tracks that a recovery or a restore is still to bring: what they are to hold comes then
 * @returns bytes written. @throws DiskError
 */
export async function replayJournal(journal: Journal, displaced?: Bitmap): Promise<number> {
  const { table, settledLsn } = journal;
  const { volume, runtime } = journal.parts;
  const { newestLsn } = table;
  const entries = newestLsn - settledLsn;
  let replayedBytes = 0;
  for (const { offsetBytes, lengthBytes } of chunksOf(journal, displaced)) {
    const release = await volume.locks.acquire(offsetBytes, offsetBytes + lengthBytes);
    try {
      replayedBytes += await replayRange(journal, offsetBytes, lengthBytes);
    } finally {
      release();
    }
  }
  await journal.replayed(newestLsn);
  runtime.log.step("journal.replayed", { volume: volume.name, entries, bytes: replayedBytes });
  return replayedBytes;
}

async function replayRange(journal: Journal, startBytes: number, lengthBytes: number): Promise<number> {
  const { table, settledLsn, log, parts } = journal;
  const { volume } = parts;
  // What a rewind has left behind is not there any more: where it was, the recovery brings other content, or has brought it.
  const unsettled = table.wayTo(table.newestLsn).filter(({ lsn }) => lsn > settledLsn);
  const found = await volume.disk.read(startBytes, lengthBytes);
  const wanted = await readOverlaid(volume.disk, log, unsettled, startBytes, lengthBytes);
  let replayedBytes = 0;
  for (const [from, to] of differingRuns(found, wanted)) {
    const data = wanted.subarray(from, to);
    await volume.replay({ kind: "write", offsetBytes: startBytes + from, data, fua: false }, journal);
    replayedBytes += data.length;
  }
  return replayedBytes;
}

/** The tracks of the changes that are not settled, in runs. */
function* chunksOf(journal: Journal, displaced: Bitmap | undefined): Generator<Extent> {
  const { table, settledLsn } = journal;
  const { volume } = journal.parts;
  const tracks = table.touched(settledLsn, volume.trackBytes, volume.trackCount);
  const tracksMax = Math.max(1, Math.floor(CHUNK_BYTES / volume.trackBytes));
  for (const track of displaced?.indices() ?? []) if (tracks.has(track)) tracks.clear(track);
  for (let first = tracks.next(0); first >= 0; ) {
    const last = tracks.runEnd(first, tracksMax);
    yield volume.extent(first, last);
    first = tracks.next(last + 1);
  }
}

function* differingRuns(found: Uint8Array, wanted: Uint8Array): Generator<readonly [from: number, to: number]> {
  let from = -1;
  for (let at = 0; at < found.length; at += SECTOR_BYTES) {
    let same = true;
    for (let byte = at; byte < at + SECTOR_BYTES && same; byte++) same = found[byte] === wanted[byte];
    if (same && from >= 0) {
      yield [from, at];
      from = -1;
    } else if (!same && from < 0) from = at;
  }
  if (from >= 0) yield [from, found.length];
}
