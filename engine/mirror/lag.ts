import type { UnappliedChanges } from "./outbox.ts";

/** How far the other end is behind this one, as this end knows. Both are 0 if it is not. */
export interface LagReport {
  /** Changes that the other end has not applied. After a start it counts from there: {@link Lag}. */
  readonly writes: number;
  /** How long ago the oldest of them was made. */
  readonly ageNs: number;
}

/**
 * Changes of a volume that were not sent to the other end. Kept in memory, for people: what must be copied
 * is what the pending tracks say. After a crash the count begins anew, and what it missed is at least one.
 */
export class Lag {
  #missed = 0;
  #sinceNs = 0;

  /** A change that the other end does not get now. */
  missed(nowNs: number, count = 1): void {
    if (count === 0) return;
    if (this.#missed === 0) this.#sinceNs = nowNs;
    this.#missed += count;
  }

  /** The session is over, and nobody knows whether these arrived. */
  lost({ count, oldestNs }: UnappliedChanges): void {
    this.missed(oldestNs, count);
  }

  /** The other end has everything, or will have it by what is on its way. */
  caughtUp(): void {
    this.#missed = 0;
  }

  report(nowNs: number, underWay: UnappliedChanges): LagReport {
    const writes = this.#missed + underWay.count;
    const oldestNs = this.#missed > 0 ? this.#sinceNs : underWay.oldestNs;
    return { writes, ageNs: writes === 0 ? 0 : nowNs - oldestNs };
  }
}
