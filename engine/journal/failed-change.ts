import { handled } from "../handled.ts";
import { DiskError } from "../ports/index.ts";
import type { Extent } from "../volume/volume.ts";
import type { Journal } from "./journal.ts";
import type { JournalEntry } from "./log-table.ts";
import { type NewRecord, recordOf } from "./log-writer.ts";

/**
 * A change failed in the volume: what is there now becomes an entry of its own, so that the journal says what hosts read. The range
 * is locked. The entry of the change itself is done only after this: until the other one is durable, a start makes the change again.
 */
export async function followVolume(journal: Journal, entry: JournalEntry): Promise<void> {
  const { volume, runtime } = journal.parts;
  let why = "no room";
  try {
    const left = await presentRecord(journal, entry);
    // Room that is to come may come only when this entry is done.
    if (journal.log.keepRoom(entry, left)) return await enter(journal, { ...left, leftBy: entry });
  } catch (error) {
    why = handled(error, DiskError).code;
  }
  runtime.log.step("journal.unsure", { volume: volume.name, lsn: entry.lsn, why });
  await journal.unsure.add(entry);
  // No start makes the change again, over what hosts have read there since.
  await journal.log.void(entry);
}

/**
 * Somebody is about to read what a failed change left: it becomes an entry first, so that no moment since lacks it.
 * @throws DiskError
 */
export async function learnVolume(journal: Journal, first: number, last: number): Promise<void> {
  const { unsure } = journal;
  const { volume } = journal.parts;
  await unsure.known(first, last);
  for (const [from, to] of unsure.runs(first, last)) {
    const { offsetBytes, lengthBytes } = volume.extent(from, to);
    const release = await volume.locks.acquire(offsetBytes, offsetBytes + lengthBytes);
    try {
      // Somebody else may have been first.
      for (const run of unsure.runs(from, to)) {
        await enter(journal, await presentRecord(journal, volume.extent(...run)));
        await unsure.learned(...run);
      }
    } finally {
      release();
    }
  }
}

/** What it says is in the volume already. */
async function enter(journal: Journal, record: NewRecord): Promise<void> {
  const found = await journal.append(record);
  journal.log.done(found, journal.parts.volume.tick);
}

/**
 * A record of what hosts would read in a range, which is locked: of what a recovery has still to bring
 * the disk has something else. @throws DiskError
 */
async function presentRecord(
  { parts, recovery, moments }: Journal,
  { offsetBytes, lengthBytes }: Extent,
): Promise<NewRecord> {
  const { trackBytes, disk } = parts.volume;
  const data = await disk.read(offsetBytes, lengthBytes);
  const endBytes = offsetBytes + lengthBytes;
  const { first, last } = parts.volume.tracks(offsetBytes, lengthBytes);
  for (const [from, to] of recovery?.copy.tracks.runs(first, last) ?? []) {
    const startBytes = Math.max(offsetBytes, from * trackBytes);
    const runBytes = Math.min(endBytes, (to + 1) * trackBytes) - startBytes;
    data.set(await moments.readNewest(startBytes, runBytes), startBytes - offsetBytes);
  }
  return recordOf({ kind: "write", offsetBytes, data, fua: false });
}
