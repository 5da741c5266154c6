/**
 * Who may touch which bytes: ranges that overlap are held by one at a time, in order of asking. The engine's own lock
 * would hide its own mistakes here: the judge shares nothing with the judged.
 */
export class RangeLocks {
  #held: Lock[] = [];
  #waiting: (Lock & { readonly grant: () => void })[] = [];

  /** The way to release it, or `undefined` if somebody holds or waits for part of the range. */
  tryAcquire(offsetBytes: number, lengthBytes: number): (() => void) | undefined {
    const lock = { start: offsetBytes, end: offsetBytes + lengthBytes };
    if (overlaps(this.#held, lock) || overlaps(this.#waiting, lock)) return undefined;
    this.#held.push(lock);
    return () => this.#release(lock);
  }

  /** Settles with the way to release it, once nobody before holds part of the range. */
  acquire(offsetBytes: number, lengthBytes: number): Promise<() => void> {
    const release = this.tryAcquire(offsetBytes, lengthBytes);
    if (release !== undefined) return Promise.resolve(release);
    return new Promise((resolve) => {
      const lock = {
        start: offsetBytes,
        end: offsetBytes + lengthBytes,
        grant: () => resolve(() => this.#release(lock)),
      };
      this.#waiting.push(lock);
    });
  }

  #release(lock: Lock): void {
    this.#held = this.#held.filter((other) => other !== lock);
    const still: (Lock & { readonly grant: () => void })[] = [];
    for (const waiting of this.#waiting) {
      if (overlaps(this.#held, waiting) || overlaps(still, waiting)) still.push(waiting);
      else {
        this.#held.push(waiting);
        waiting.grant();
      }
    }
    this.#waiting = still;
  }
}

interface Lock {
  readonly start: number;
  readonly end: number;
}

function overlaps(locks: readonly Lock[], range: Lock): boolean {
  return locks.some((lock) => lock.start < range.end && range.start < lock.end);
}
