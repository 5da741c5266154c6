import { handled } from "../handled.ts";
import { CopyOut } from "../image/copy-out.ts";
import { DiskError, NS_PER_MS, sleep } from "../ports/index.ts";
import { type TrackCopy, trackCopyAt } from "../volume/track-copy.ts";
import type { Journal } from "./journal.ts";
import { marksOffsetBytes } from "./log-layout.ts";

const RETRY_NS = 1_000 * NS_PER_MS;

/** The marks of a copy to or from the journal, in the log volume. */
export function journalTracks(journal: Journal, which: "base" | "recovery"): TrackCopy {
  const { volume, log } = journal.parts;
  const place = {
    pairId: which === "base" ? 1 : 2,
    offsetBytes: marksOffsetBytes(volume, which),
    trackCount: volume.trackCount,
  };
  return trackCopyAt(log.disk, place, volume.trackBytes);
}

function copyOf(journal: Journal, tracks: TrackCopy): CopyOut {
  const { volume, base, runtime } = journal.parts;
  const { management } = journal;
  return new CopyOut({
    volume,
    target: base.disk,
    tracks,
    runtime,
    name: base.name,
    onLost: async () => {
      journal.baseBehind = undefined;
      management.state.base = "stale";
      await management.persist();
    },
  });
}

/** After a start: the copy that a crash interrupted, as a tap of the volume again. @throws DiskError */
export async function resumeBaseCopy(journal: Journal): Promise<CopyOut | undefined> {
  const { state } = journal.management;
  if (state.base !== "copying") return undefined;
  const tracks = journalTracks(journal, "base");
  if (!(await tracks.load())) {
    state.base = "stale";
    return undefined;
  }
  const copy = copyOf(journal, tracks);
  journal.parts.volume.addTap(copy);
  return copy;
}

/**
 * Sees to it that the base is whole: an image of the volume as of one entry, from which on moments can
 * be recovered. A copy that fails is begun anew, for a disk may be mended.
 * @param resumed by {@link resumeBaseCopy}
 */
export async function makeBase(journal: Journal, resumed: CopyOut | undefined): Promise<void> {
  const { management, parts } = journal;
  const { volume, runtime } = parts;
  // While this runs, it looks by itself.
  journal.onStale = () => {};
  let copy = resumed;
  for (;;) {
    try {
      if (management.state.base === "whole") {
        journal.onStale = () => runtime.tasks.spawn(makeBase(journal, undefined));
        return;
      }
      copy ??= await beginBase(journal);
      if (copy === undefined) {
        await sleep(runtime.clock, RETRY_NS);
        continue;
      }
      const whole = await copy.run();
      volume.removeTap(copy);
      copy = undefined;
      if (whole && management.state.base === "copying") {
        management.state.base = "whole";
        await management.persist();
        runtime.log.step("journal.base.whole", { volume: volume.name, lsn: management.state.baseLsn });
        continue;
      }
    } catch (error) {
      handled(error, DiskError);
    }
    await sleep(runtime.clock, RETRY_NS);
  }
}

/**
 * From here on the base is the volume as of now, wherever its tracks still are.
 * @returns `undefined` while the volume takes over other content
 * @throws DiskError
 */
async function beginBase(journal: Journal): Promise<CopyOut | undefined> {
  const { parts, fold, management } = journal;
  const { volume, runtime } = parts;
  const release = await volume.locks.drain();
  try {
    if (volume.rewriter !== undefined) return undefined;
    return await fold.exclusive(async () => {
      // What is copied before the next change must be what the journal says, also after a crash.
      await journal.settle();
      const copy = copyOf(journal, journalTracks(journal, "base"));
      await copy.tracks.begin(tracksBehind(journal));
      journal.baseBehind = undefined;
      await journal.beginAnew();
      volume.addTap(copy);
      runtime.log.step("journal.base.begin", { volume: volume.name, lsn: management.state.baseLsn });
      return copy;
    });
  } finally {
    release();
  }
}

/** Where base and volume may differ. */
function* tracksBehind({ parts: { volume }, baseBehind, table }: Journal): Generator<number> {
  const since = table.touched(table.baseLsn, volume.trackBytes, volume.trackCount);
  for (let track = 0; track < volume.trackCount; track++)
    if (baseBehind === undefined || baseBehind.has(track) || since.has(track)) yield track;
}
