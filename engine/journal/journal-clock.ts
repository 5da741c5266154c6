import { type Clock, NS_PER_MS } from "../ports/index.ts";

const US_PER_MS = 1000;
const NS_PER_US = NS_PER_MS / US_PER_MS;

/**
 * Gives the entries of journals their times: microseconds since 1970, by the watch of the system when it started and
 * by its monotonic clock from there, so that a watch that is set meanwhile moves nothing.
 *
 * Every entry of a group of journals is later than the one before, also across starts, whatever the watch says then:
 * so a time says of every journal which entries come before it, and an entry that was made because of another one never
 * comes before that.
 */
export class JournalClock {
  readonly #clock: Clock;
  /** What the monotonic clock is behind. */
  readonly #aheadUs: number;
  #lastUs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#aheadUs = clock.wallMs() * US_PER_MS - Math.floor(clock.monotonicNs() / NS_PER_US);
  }

  /** The time now: every entry that there is has it, or an earlier one. */
  nowUs(): number {
    return Math.max(this.#lastUs, this.#aheadUs + Math.floor(this.#clock.monotonicNs() / NS_PER_US));
  }

  /** A time that no entry of the group has, for one that is made now. */
  nextUs(): number {
    this.#lastUs = Math.max(this.#lastUs + 1, this.nowUs());
    return this.#lastUs;
  }

  /** A journal of the group has entries up to this time. */
  reached(timeUs: number): void {
    this.#lastUs = Math.max(this.#lastUs, timeUs);
  }
}
