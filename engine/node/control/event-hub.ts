import { ControlRefusal } from "./refusal.ts";
import { EventFeed, type StepEvent } from "./event-feed.ts";
import type { StatusDocument } from "./status-schema.ts";

const LISTENERS_MAX = 32;
/** Steps that are kept for listeners that come back. */
const KEPT_MAX = 4096;
/** A status is looked at once so often while somebody listens. */
const STATUS_MS = 5;

/** The steps of the engine's log, and its status when it has changed, for everybody who listens. */
export class EventHub {
  readonly #feeds = new Set<EventFeed>();
  #kept: StepEvent[] = [];
  #next = 0;
  /** Gives the status; `undefined` while there is none. Set by whoever starts the system. */
  status: () => StatusDocument | undefined = () => undefined;
  #watch: NodeJS.Timeout | undefined;
  #told = "";

  /** A step was taken. They come in the order of their numbers, from 0. */
  step(event: StepEvent): void {
    this.#next = event.n + 1;
    // Half at a time: shifting an array for every step would cost more than the step.
    if (this.#kept.length >= 2 * KEPT_MAX) this.#kept = this.#kept.slice(KEPT_MAX);
    this.#kept.push(event);
    for (const feed of this.#feeds) feed.step(event);
  }

  /** Listeners now. */
  get listeners(): number {
    return this.#feeds.size;
  }

  /**
   * @param after the last step that the listener knows, -1 for none: what came since comes first, as far as it
   *   is kept. Without: from now on
   * @throws ControlRefusal TOO_MANY_LISTENERS
   */
  listen(after?: number): EventFeed {
    if (this.#feeds.size >= LISTENERS_MAX) throw new ControlRefusal("TOO_MANY_LISTENERS", { listeners: LISTENERS_MAX });
    const earlier = after === undefined ? [] : this.#kept.slice(-KEPT_MAX).filter(({ n }) => n > after);
    const missed = after === undefined ? 0 : Math.max(0, this.#next - earlier.length - (after + 1));
    const feed = new EventFeed(earlier, missed, (closed) => this.#left(closed));
    this.#feeds.add(feed);
    const status = this.status();
    if (status !== undefined) {
      feed.status(status);
      // The others get it, too, if it is news; but this one not twice.
      this.#look(status);
    }
    this.#watch ??= setInterval(() => this.#look(), STATUS_MS).unref();
    return feed;
  }

  #left(feed: EventFeed): void {
    this.#feeds.delete(feed);
    if (this.#feeds.size > 0) return;
    clearInterval(this.#watch);
    this.#watch = undefined;
  }

  #look(status = this.status()): void {
    if (status === undefined) return;
    const told = changing(status);
    if (told === this.#told) return;
    this.#told = told;
    for (const feed of this.#feeds) feed.status(status);
  }

  /** Ends every stream. */
  close(): void {
    for (const feed of this.#feeds) feed.close();
  }
}

/** All of a status but what changes by itself as time goes by. */
function changing({ pairs, volumes, images, journals, restores, links }: StatusDocument): string {
  const still = pairs.map(({ lag, ...pair }) => [pair, lag?.writes]);
  const entries = journals.map(({ volume, disk, state, oldestLsn, newestLsn }) => [
    volume,
    disk,
    state,
    oldestLsn,
    newestLsn,
  ]);
  return JSON.stringify([volumes, still, images, entries, restores, links]);
}
