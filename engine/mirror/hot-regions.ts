import { handled } from "../handled.ts";
import { DiskError } from "../ports/index.ts";
import type { Bitmap } from "../volume/bitmap.ts";
import type { RegionOptions } from "../volume/regions.ts";
import type { IntentStore } from "./intent-store.ts";

interface Hot {
  /** Since it was last looked at. */
  isUsed: boolean;
}

/** Of the hot regions, so many cool down at once where there are too many: each batch costs a durable write. */
const BATCH_SHARE = 4;

/**
 * An activity log over an {@link IntentStore}: the first write in a region of neighbouring tracks has all of it
 * marked durably, and the next ones there cost nothing. A region stays *hot*, that is marked whether anything in it is
 * pending or not, until others are used more and there are too many, or until the volume was idle for a while.
 *
 * It decides only what is marked beyond what is pending. Whether a write may go on is the store's word for each of
 * its tracks, as without regions; so nothing here can make a mark too few (rule 3). After a crash the hot
 * regions are copied whole: {@link RegionOptions.hotMax} of them at most, besides what was pending.
 */
export class HotRegions implements IntentStore {
  readonly #store: IntentStore;
  readonly #trackCount: number;
  readonly #options: RegionOptions;
  /** Those looked at longest ago first. */
  readonly #hot = new Map<number, Hot>();
  /** While marks of regions that cool down are being cleared. */
  #makingRoom: Promise<void> | undefined;

  /** @param open makes the store, which keeps the marks of what is pending in its words */
  constructor(
    trackCount: number,
    options: RegionOptions,
    isPending: (trackIndex: number) => boolean,
    open: (isPending: (trackIndex: number) => boolean) => IntentStore,
  ) {
    this.#trackCount = trackCount;
    this.#options = options;
    this.#store = open((track) => this.#hot.has(this.#regionOf(track)) || isPending(track));
  }

  get isWarm(): boolean {
    return this.#hot.size > 0;
  }

  load(into: Bitmap): Promise<number> {
    return this.#store.load(into);
  }

  writeAll(): Promise<void> {
    return this.#store.writeAll();
  }

  lean(pending: Bitmap | undefined): void {
    this.#store.lean(pending);
  }

  mark(first: number, last: number): Promise<void> | undefined {
    const [from, to] = [this.#regionOf(first), this.#regionOf(last)];
    let cold = 0;
    for (let region = from; region <= to; region++) {
      const hot = this.#hot.get(region);
      if (hot === undefined) cold++;
      else hot.isUsed = true;
    }
    if (cold === 0) return this.#store.mark(first, last);
    // So many at once were never hot, and are not worth it.
    if (cold > this.#options.hotMax) return this.#store.mark(first, last);
    if (this.#hot.size + cold > this.#options.hotMax) this.#makeRoom(cold);
    const room = this.#makingRoom;
    for (let region = from; region <= to; region++)
      if (!this.#hot.has(region)) this.#hot.set(region, { isUsed: false });
    const { tracks } = this.#options;
    const markAll = (): Promise<void> | undefined =>
      this.#store.mark(from * tracks, Math.min((to + 1) * tracks, this.#trackCount) - 1);
    return room === undefined ? markAll() : room.then(markAll);
  }

  /** @param all the volume was idle for a while: everything cools down */
  async sweep(pendingCount: number, all: boolean): Promise<void> {
    if (all) this.#hot.clear();
    const { tracks, hotMax } = this.#options;
    await this.#store.sweep(all ? pendingCount : pendingCount + hotMax * tracks, all);
  }

  end(): Promise<void> {
    return this.#store.end();
  }

  /** Has the regions that were not used lately cool down. Their marks are gone before others take their place. */
  #makeRoom(needed: number): void {
    const { hotMax } = this.#options;
    const left = hotMax - Math.min(hotMax, Math.max(needed, Math.ceil(hotMax / BATCH_SHARE)));
    for (const [region, hot] of this.#hot) {
      if (this.#hot.size <= left) break;
      this.#hot.delete(region);
      // What was used since the last time gets a second chance.
      if (hot.isUsed) this.#hot.set(region, { isUsed: false });
    }
    const before = this.#makingRoom;
    const cleared = this.#clear(before).finally(() => {
      if (this.#makingRoom === cleared) this.#makingRoom = undefined;
    });
    this.#makingRoom = cleared;
  }

  async #clear(before: Promise<void> | undefined): Promise<void> {
    await before;
    try {
      await this.#store.sweep(0, true);
    } catch (error) {
      // They are still marked, which does no harm; whether the disk takes the new marks it says itself.
      handled(error, DiskError);
    }
  }

  #regionOf(track: number): number {
    return Math.floor(track / this.#options.tracks);
  }
}
