import type { Bitmap } from "../volume/bitmap.ts";
import { tellRecovery } from "./self-recovery.ts";
import type { Pair } from "./pair.ts";
import { copyDirty } from "./resync-source.ts";

/**
 * The tracks will differ from the other end's: marked, durably, before they do (rule 3). They are pending from here on,
 * or a checkpoint would clear the marks. {@link endExchange} follows. @throws DiskError
 */
export async function markExchange(pair: Pair, tracks: Bitmap): Promise<void> {
  pair.pending.tell(tracks.indices());
  let last = -1;
  for (const track of tracks.indices()) {
    if (track <= last) continue;
    last = track;
    while (tracks.has(last + 1)) last++;
    const marked = pair.intents.mark(track, last);
    if (marked !== undefined) await marked;
  }
}

/**
 * The content of these tracks is another one at once (JR-6). If the pair is DUPLEX it stays so, and they go to
 * the other end, which is no moment of the volume until it has them all.
 */
export function tellExchange(pair: Pair, tracks: Bitmap): Promise<void> | undefined {
  const { connection, entry, runtime, selfRecovery } = pair;
  if (selfRecovery !== undefined) {
    const followed = tellRecovery(pair, selfRecovery);
    pair.selfRecovery = undefined;
    if (followed) return undefined;
  }
  for (const track of tracks.indices()) pair.pending.dirty.set(track);
  // A resync that runs copies them with the rest; one that has told the other end that it is through does not.
  if (pair.live && (entry.status === "DUPLEX" || pair.copyDone) && connection !== undefined) {
    pair.rewriteBegins();
    pair.volume.resending = true;
    runtime.tasks.spawn(resend(pair, connection));
    return undefined;
  }
  return !pair.live && entry.shared ? pair.fork() : undefined;
}

/** What was marked has happened, and is pending by itself if it must be; or it will not happen. */
export function endExchange(pair: Pair): void {
  const { connection, pending, volume } = pair;
  if (!pending.isTelling) return;
  // Behind what an earlier recovery has told: its tracks may be among these.
  const sequence = pair.sendFlush();
  // A session that takes nothing more is at its end, and then all of this is dirty.
  if (sequence < 0 && connection !== undefined) return;
  pending.told(sequence, volume.tick);
  volume.scheduleCheckpoint();
}

async function resend(pair: Pair, connection: NonNullable<Pair["connection"]>): Promise<void> {
  const { entry, volume, runtime } = pair;
  await copyDirty(pair, connection);
  volume.resending = false;
  if (pair.connection !== connection) return;
  pair.rewriteEnds();
  runtime.log.step("pair.resent", { pair: entry.name });
}
