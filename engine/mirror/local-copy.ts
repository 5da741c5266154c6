import { takeWhole } from "../volume/take-whole.ts";
import { tracksAtOnce } from "../volume/track-copy.ts";
import { assert } from "../assert.ts";
import { EngineError } from "../errors.ts";
import { handled } from "../handled.ts";
import { DiskError } from "../ports/index.ts";
import type { Update } from "../volume/volume.ts";
import { isZero } from "../wire/zero-range.ts";
import type { LocalPair } from "./local-pair.ts";
import { setStatus } from "./pair-status.ts";

/**
 * SPLIT → COPY: the mirror is to be what the volume is again, so the updates of both sides are copied
 * (BR-6, step 460). The copy itself is {@link runLocalCopy}. The caller has set `busy`, so no host
 * changes the mirror any more.
 * @throws EngineError DISK_FAILED: the mirror is split as before
 */
export async function beginLocalCopy(pair: LocalPair): Promise<void> {
  const { entry, pending, mirrorSide, mirror } = pair;
  const release = await mirror.locks.drain();
  release();
  for (const track of mirrorSide.dirty.indices()) pending.dirty.set(track);
  await pair.writeIntents();
  setStatus(entry, "COPY");
  entry.suspension = "";
  entry.mirrorWritable = false;
  // Before the first byte: a mirror that is being overwritten must not pass for a backup after a crash.
  await pair.table.persist();
  // The volume's side holds these marks too, durably; left over, they cost a copy and no more.
  mirrorSide.dirty.clearAll();
  await mirrorSide.intents.sweep(0, true).catch((error: unknown) => {
    handled(error, DiskError, EngineError);
  });
}

/** Copies what is pending until both volumes are equal (COPY → DUPLEX), while the volume changes. */
export async function runLocalCopy(pair: LocalPair): Promise<void> {
  const { entry, pending, runtime } = pair;
  const copying = {};
  pair.copying = copying;
  pair.live = true;
  pair.progress = { done: 0, total: pending.dirty.count };
  const ended = (): boolean => pair.copying !== copying;
  runtime.log.step("local.resync.begin", { pair: entry.name, tracks: pair.progress.total });
  do {
    await copyDirty(pair, ended);
    if (ended()) return;
    await pair.flushMirror();
    if (ended()) return;
  } while (pending.dirty.count > 0);
  pair.copying = undefined;
  pair.progress = undefined;
  setStatus(entry, "DUPLEX");
  await pair.table.persist();
  runtime.log.step("local.duplex", { pair: entry.name });
}

/** Copies until no track is dirty, or somebody ends it. */
async function copyDirty(pair: LocalPair, ended: () => boolean): Promise<void> {
  const { pending, volume } = pair;
  const tracksMax = tracksAtOnce(volume.trackBytes);
  let cursor = 0;
  while (!ended()) {
    let first = pending.dirty.next(cursor);
    // Tracks that were written behind the cursor are found from the start.
    if (first < 0) first = pending.dirty.next(0);
    if (first < 0) return;
    const last = pending.dirty.runEnd(first, tracksMax);
    cursor = last + 1;
    try {
      await copyTracks(pair, first, last, ended);
    } catch (error) {
      const failure = handled(error, DiskError, EngineError);
      // One that ended it has a cause of its own. A failure ends it, too.
      if (!ended()) pair.fail(failure);
    }
  }
}

/** Changes of the volume wait meanwhile, so none can overtake the copy or be overtaken by it. @throws DiskError, EngineError */
async function copyTracks(pair: LocalPair, first: number, last: number, ended: () => boolean): Promise<void> {
  const { entry, pending, volume, runtime } = pair;
  const { offsetBytes, lengthBytes } = volume.extent(first, last);
  const release = await takeWhole(volume, first, last);
  try {
    const { tick } = volume;
    const data = await volume.disk.read(offsetBytes, lengthBytes);
    if (ended()) return;
    const update: Update = isZero(data)
      ? { kind: "zero", offsetBytes, lengthBytes: data.length }
      : { kind: "write", offsetBytes, data, fua: false };
    await pair.write(update);
    // Whoever ended it counts the tracks as pending, and so they stay.
    if (ended()) return;
    pending.copied(first, last, pair.mirror.tick, tick);
    volume.scheduleCheckpoint();
    assert(pair.progress !== undefined, "a copy that has not ended counts its tracks");
    pair.progress.done += last - first + 1;
    runtime.log.step("local.copied", { pair: entry.name, track: first, tracks: last - first + 1 });
  } finally {
    release();
  }
}
