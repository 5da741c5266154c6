import { EngineError } from "../errors.ts";
import type { LocalPair } from "../mirror/local-pair.ts";
import { illegalTransition } from "../mirror/illegal-transition.ts";
import type { Disk } from "../ports/index.ts";
import { trackCopyAt } from "../volume/track-copy.ts";
import { CopyIn } from "./copy-in.ts";
import { beginRestore, requireRestorable, resumeRestore } from "./restore.ts";

/** Which tracks are brought back (CR-2): those that differ as both bitmaps know, or every one. */
export type RestoreScope = "changed" | "all";

/** Numbered from 1; the numbers come again after so many. */
const RESTORES_OF_A_PAIR = 2 ** 20;

/**
 * Restores the primary volume of a split local mirror from the mirror, while hosts use it (CR-2 … CR-7): the
 * mirror is the second data store, isolated and write-disabled; the volume is the first. When it is
 * through, the mirror is still split and holds what it held; the volume's pending bitmap holds the tracks
 * that hosts altered meanwhile (CR-5), and only a resync lets data into the mirror again (CR-6).
 * @returns settles when the restore is accepted: hosts see the mirror's content; `ended` when all of it is there
 * @throws EngineError ILLEGAL_TRANSITION, NO_ACCESS, RESTORE_RUNS. @throws DiskError
 */
export async function restoreFromMirror(
  pair: LocalPair,
  scope: RestoreScope,
  meta: Disk,
): Promise<{ readonly ended: Promise<void> }> {
  const { entry, volume, runtime } = pair;
  volume.requireWhole("restore");
  if (entry.status !== "SPLIT" || entry.suspension !== "operator" || entry.task !== "" || pair.busy !== "")
    throw illegalTransition(pair, "restore", "SPLIT by a command, and nothing else under way");
  pair.busy = "restore";
  try {
    const release = await pair.mirror.locks.drain();
    release();
    requireRestorable(volume);
    const copy = copyFromMirror(pair, meta);
    return await beginRestore(
      { volume, copy, runtime },
      {
        tracks: () => differing(pair, scope),
        finished: () => finished(pair),
        accept: async () => {
          entry.task = "restoring";
          entry.restoreCount++;
          await pair.table.persist();
          // The restore knows these tracks now; what is marked from here on, hosts have altered. Marks left
          // on disk name more than that, which does no harm.
          pair.pending.dirty.clearAll();
          pair.mirrorSide.dirty.clearAll();
          pair.restore = copy;
        },
      },
    );
  } finally {
    pair.busy = "";
  }
}

/** Goes on after a crash. @throws EngineError META_CORRUPT: which tracks are left is not known. @throws DiskError */
export async function resumeRestoreFromMirror(pair: LocalPair, meta: Disk, started: Promise<void>): Promise<void> {
  const { entry, volume, runtime } = pair;
  const copy = copyFromMirror(pair, meta);
  if (!(await copy.tracks.load()))
    throw new EngineError("META_CORRUPT", {
      place: `tracks to restore from ${entry.name}`,
      found: "a sector that fails its checksum",
      expected: "valid sectors: either guess would lose data",
    });
  pair.restore = copy;
  runtime.tasks.spawn(resumeRestore({ volume, copy, runtime }, { finished: () => finished(pair) }, started));
}

async function finished(pair: LocalPair): Promise<void> {
  pair.entry.task = "";
  pair.restore = undefined;
  await pair.table.persist();
}

function copyFromMirror(pair: LocalPair, meta: Disk): CopyIn {
  const { entry, volume, mirror, runtime } = pair;
  const { trackCount } = volume;
  const place = { pairId: entry.id, offsetBytes: entry.restoreBitmapOffsetBytes, trackCount };
  const tracks = trackCopyAt(meta, place, volume.trackBytes);
  // The mirror's disk: nothing changes it before the restore is through.
  const source = mirror.disk;
  const count = entry.restoreCount + (entry.task === "restoring" ? 0 : 1);
  // Several mirrors of the volume may be restored from, one after the other.
  const id = entry.id * RESTORES_OF_A_PAIR + (count % RESTORES_OF_A_PAIR);
  return new CopyIn({ volume, source, tracks, runtime, name: entry.name, from: "mirror", id, silent: [pair] });
}

/** Evaluated when the volume is at rest. */
function* differing(pair: LocalPair, scope: RestoreScope): Generator<number> {
  for (let track = 0; track < pair.volume.trackCount; track++)
    if (scope === "all" || pair.mayDiffer(track)) yield track;
}
