import { handled } from "../handled.ts";
import { DiskError } from "../ports/index.ts";
import type { TrackCopy } from "./track-copy.ts";
import type { Volume } from "./volume.ts";

/** What is copied is made durable, and forgotten, after so many bytes. */
const STRETCH_BYTES = 1024 * 1024;

/** What a copy in the background is made of. */
export interface BackgroundCopy {
  readonly volume: Volume;
  readonly tracks: TrackCopy;
  /** Asked before each step. */
  goesOn(): boolean;
  /** These neighbouring tracks are locked. @throws DiskError */
  copy(run: readonly [first: number, last: number]): Promise<void>;
  /** Makes the copies durable, and takes the tracks out of the set. @throws DiskError */
  settle(copied: readonly number[]): Promise<void>;
  /** A disk failed; when it settles, the next step is tried. */
  failed(error: DiskError): Promise<void>;
}

/**
 * Copies every track that is left, a stretch at a time, while the volume is in use.
 * @returns true when all is durable; false if it did not go on
 */
export async function copyInBackground(parts: BackgroundCopy): Promise<boolean> {
  const { volume, tracks } = parts;
  let cursor = 0;
  let stretchBytes = 0;
  while (parts.goesOn()) {
    const run = tracks.next(cursor);
    try {
      if (run === undefined || stretchBytes >= STRETCH_BYTES) {
        stretchBytes = 0;
        // What hosts write meanwhile is their own to settle, so this ends.
        await parts.settle(tracks.unsettled());
        if (tracks.left.count === 0 && parts.goesOn()) return true;
        continue;
      }
      const [first, last] = run;
      const release = await volume.locks.acquire(first * volume.trackBytes, (last + 1) * volume.trackBytes);
      try {
        if (parts.goesOn()) for (const piece of tracks.runs(first, last)) await parts.copy(piece);
      } finally {
        release();
      }
      cursor = last + 1;
      stretchBytes += (last - first + 1) * volume.trackBytes;
    } catch (error) {
      await parts.failed(handled(error, DiskError));
    }
  }
  return false;
}
