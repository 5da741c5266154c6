import type { Journal } from "./journal.ts";
import type { JournalEntry } from "./log-table.ts";

/**
 * What hosts would read where an entry changes the volume, which is locked: of what a recovery has still to bring
 * the disk has something else. @throws DiskError
 */
export async function presentContent(
  { parts, recovery, moments }: Journal,
  { offsetBytes, lengthBytes }: JournalEntry,
): Promise<Uint8Array> {
  const { trackBytes, disk } = parts.volume;
  const data = await disk.read(offsetBytes, lengthBytes);
  const endBytes = offsetBytes + lengthBytes;
  const [first, last] = [Math.floor(offsetBytes / trackBytes), Math.floor((endBytes - 1) / trackBytes)];
  for (const [from, to] of recovery?.copy.tracks.runs(first, last) ?? []) {
    const startBytes = Math.max(offsetBytes, from * trackBytes);
    const runBytes = Math.min(endBytes, (to + 1) * trackBytes) - startBytes;
    data.set(await moments.readNewest(startBytes, runBytes), startBytes - offsetBytes);
  }
  return data;
}
