import { assert } from "../../assert.ts";

/** Requests with more data than this need a place. */
export const LARGE_BYTES = 4 * 1024 * 1024;

/**
 * Places for large requests, few for all clients of a server: a request may have 32 MiB, and every
 * client is allowed one whatever its share of the memory. Who finds none free waits, first come first
 * served; who has one and stalls is dropped like any client that does.
 */
export class LargeRequests {
  #free: number;
  readonly #waiting: LargePlace[] = [];

  constructor(places: number) {
    this.#free = places;
  }

  /** @returns whether there was one */
  take(place: LargePlace): boolean {
    if (this.#free > 0) {
      this.#free--;
      return true;
    }
    this.#waiting.push(place);
    return false;
  }

  giveBack(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free++;
    else next.given();
  }

  leave(place: LargePlace): void {
    const at = this.#waiting.indexOf(place);
    assert(at >= 0, "who leaves the queue was in it");
    this.#waiting.splice(at, 1);
  }
}

/** The place of one client, which has one large request at a time. */
export class LargePlace {
  readonly #all: LargeRequests;
  readonly #onGiven: () => void;
  #state: "none" | "waiting" | "held" = "none";
  /** Whether the request that it is held for has been begun. */
  #inUse = false;

  /** @param onGiven called when the place is there that {@link take} did not give at once */
  constructor(all: LargeRequests, onGiven: () => void) {
    this.#all = all;
    this.#onGiven = onGiven;
  }

  /** For the request that is to be begun next. @returns whether it may; otherwise it is asked for again later */
  take(): boolean {
    if (this.#state === "none") this.#state = this.#all.take(this) ? "held" : "waiting";
    return this.#state === "held" && !this.#inUse;
  }

  given(): void {
    this.#state = "held";
    this.#onGiven();
  }

  begin(): void {
    assert(this.#state === "held" && !this.#inUse, "a large request begins in its place");
    this.#inUse = true;
  }

  /** The request is over, with all that was to be said of it. */
  end(): void {
    assert(this.#inUse, "a large request ends in its place");
    this.#inUse = false;
    this.close();
  }

  /** The request that it was taken for is not begun. */
  leave(): void {
    if (!this.#inUse) this.close();
  }

  /** Gives up the place, or the wait for one. */
  close(): void {
    const was = this.#state;
    this.#state = "none";
    if (was === "waiting") this.#all.leave(this);
    if (was === "held") this.#all.giveBack();
  }
}
