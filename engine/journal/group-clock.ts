/**
 * Numbers the entries of the journals of a group by time: every entry of the group later than the one before,
 * also across starts after which the clock begins anew. So a time says of every journal which entries come
 * before it, and an entry that was made because of another one never comes before that.
 */
export class GroupClock {
  readonly #nowNs: () => number;
  #lastNs = 0;

  constructor(nowNs: () => number) {
    this.#nowNs = nowNs;
  }

  /** A time that no entry of the group has. */
  next(): number {
    this.#lastNs = Math.max(this.#lastNs + 1, this.#nowNs());
    return this.#lastNs;
  }

  /** A journal of the group has entries up to this time. */
  reached(timeNs: number): void {
    this.#lastNs = Math.max(this.#lastNs, timeNs);
  }
}
