import { IntentBitmap, type IntentPlace } from "../mirror/intent-bitmap.ts";
import type { Disk } from "../ports/index.ts";
import { Bitmap } from "./bitmap.ts";

/** The most that one step of a copy moves: neighbouring tracks go together. */
export const COPY_BYTES_MAX = 64 * 1024;

/** How many tracks one step of a copy moves. */
export function tracksAtOnce(trackBytes: number, bytesMax = COPY_BYTES_MAX): number {
  return Math.max(1, Math.floor(bytesMax / trackBytes));
}

/**
 * The tracks that a copy has still to move, in memory and durably. The set only shrinks: a track leaves it
 * when its copy is durable, so after a crash the copy goes on with what is marked.
 */
export class TrackCopy {
  readonly left: Bitmap;
  /** Copied, and not known to be durable yet. */
  readonly #copied: Bitmap;
  readonly #marks: IntentBitmap;
  readonly #tracksMax: number;
  total = 0;

  /** @param marks its `isPending` must be `left.has` of the same set: see {@link trackCopyAt} */
  constructor(left: Bitmap, marks: IntentBitmap, trackBytes: number) {
    this.left = left;
    this.#marks = marks;
    this.#copied = new Bitmap(left.length);
    this.#tracksMax = tracksAtOnce(trackBytes);
  }

  /** Begins with these tracks; durable when it settles. @throws DiskError */
  async begin(tracks: Iterable<number>): Promise<void> {
    this.left.clearAll();
    this.#copied.clearAll();
    for (const track of tracks) this.left.set(track);
    this.total = this.left.count;
    await this.#marks.writeAll();
  }

  /**
   * Reads what a crash left. @returns false if the marks cannot be believed: then nobody knows which
   * tracks may still be copied, and either guess would be wrong
   * @throws DiskError
   */
  async load(): Promise<boolean> {
    const corrupt = await this.#marks.load(this.left);
    this.total = this.left.count;
    return corrupt === 0;
  }

  get done(): number {
    return this.total - this.left.count;
  }

  /** Whether the track must be copied before it is used: it is left, and not even in the disk's cache. */
  needs(track: number): boolean {
    return this.left.has(track) && !this.#copied.has(track);
  }

  /** The runs of tracks from `first` to `last` that {@link needs} copying. */
  *runs(first: number, last: number): Generator<readonly [first: number, last: number]> {
    for (let track = first; track <= last; track++) {
      if (!this.needs(track)) continue;
      let end = track;
      while (end < last && end - track + 1 < this.#tracksMax && this.needs(end + 1)) end++;
      yield [track, end];
      track = end;
    }
  }

  /** The next run to copy in the background, from `cursor` on and then from the start; `undefined` if there is none. */
  next(cursor: number): readonly [first: number, last: number] | undefined {
    for (const from of cursor > 0 ? [cursor, 0] : [0]) {
      for (let track = this.left.next(from); track >= 0; track = this.left.next(track + 1)) {
        for (const run of this.runs(track, Math.min(track + this.#tracksMax - 1, this.left.length - 1))) return run;
      }
    }
    return undefined;
  }

  /** These tracks are copied, volatile. */
  copied(first: number, last: number): void {
    for (let track = first; track <= last; track++) this.#copied.set(track);
  }

  /** The tracks that are copied and not known to be durable; flush, then {@link settle} them. */
  unsettled(): number[] {
    return [...this.#copied.indices()];
  }

  /** These tracks need no copy any more: it is durable. Durable itself when it settles. @throws DiskError */
  async settle(tracks: readonly number[]): Promise<void> {
    // Not before it is durable: whoever sees a track gone from the set relies on that.
    await this.#marks.clear(tracks);
    for (const track of tracks) {
      this.left.clear(track);
      this.#copied.clear(track);
    }
  }
}

export function* allTracks(trackCount: number): Generator<number> {
  for (let track = 0; track < trackCount; track++) yield track;
}

/** The tracks of a copy whose marks have a place of their own on `disk`. */
export function trackCopyAt(disk: Disk, place: IntentPlace, trackBytes: number): TrackCopy {
  const left = new Bitmap(place.trackCount);
  return new TrackCopy(left, new IntentBitmap(disk, place, (track) => left.has(track), left), trackBytes);
}
