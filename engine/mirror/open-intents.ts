import type { Disk } from "../ports/index.ts";
import type { Volume } from "../volume/volume.ts";
import { HotRegions } from "./hot-regions.ts";
import { IntentBitmap } from "./intent-bitmap.ts";
import { IntentLog } from "./intent-log.ts";
import type { IntentStore } from "./intent-store.ts";
import type { PairEntry } from "./pair-entry.ts";
import type { PendingTracks } from "./pending-tracks.ts";

/** The durable side of a pair's pending tracks, as its entry and its volume want it (LS-3). */
export function openIntents(
  { id: pairId, bitmapOffsetBytes: offsetBytes, tracker }: PairEntry,
  { trackCount, regions }: Volume,
  meta: Disk,
  pending: PendingTracks,
): IntentStore {
  const Store = tracker === "lsn" ? IntentLog : IntentBitmap;
  const open = (isMarked: (trackIndex: number) => boolean): IntentStore =>
    new Store(meta, { pairId, offsetBytes, trackCount }, isMarked, pending.dirty);
  const isPending = (trackIndex: number): boolean => pending.has(trackIndex);
  return regions.hotMax === 0 ? open(isPending) : new HotRegions(trackCount, regions, isPending, open);
}
