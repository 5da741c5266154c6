/** A range that is held, or waited for. */
export interface HeldRange {
  readonly start: number;
  readonly end: number;
}

interface Waiting {
  readonly range: HeldRange;
  readonly grant: () => void;
}

/**
 * Who may touch which bytes: ranges that overlap are held by one at a time, in order of asking. The engine's own lock
 * would hide its own mistakes here: the judge shares nothing with the judged.
 */
export class RangeLocks {
  readonly #held: HeldRange[] = [];
  #waiting: Waiting[] = [];

  /** The range, to be {@link release}d, or `undefined` if somebody holds or waits for part of it. */
  tryAcquire(offsetBytes: number, lengthBytes: number): HeldRange | undefined {
    const range = { start: offsetBytes, end: offsetBytes + lengthBytes };
    if (this.#isHeld(range) || isWaitedFor(this.#waiting, range)) return undefined;
    this.#held.push(range);
    return range;
  }

  /** Settles once nobody before holds part of the range. */
  acquire(offsetBytes: number, lengthBytes: number): Promise<HeldRange> {
    const free = this.tryAcquire(offsetBytes, lengthBytes);
    if (free !== undefined) return Promise.resolve(free);
    return new Promise((resolve) => {
      const range = { start: offsetBytes, end: offsetBytes + lengthBytes };
      this.#waiting.push({ range, grant: () => resolve(range) });
    });
  }

  /** Gives a range back; once. */
  release(range: HeldRange): void {
    const at = this.#held.indexOf(range);
    if (at >= 0) this.#held.splice(at, 1);
    if (this.#waiting.length === 0) return;
    const still: Waiting[] = [];
    for (const waiting of this.#waiting) {
      if (this.#isHeld(waiting.range) || isWaitedFor(still, waiting.range)) still.push(waiting);
      else {
        this.#held.push(waiting.range);
        waiting.grant();
      }
    }
    this.#waiting = still;
  }

  #isHeld(range: HeldRange): boolean {
    for (const held of this.#held) if (overlap(held, range)) return true;
    return false;
  }
}

function isWaitedFor(list: readonly Waiting[], range: HeldRange): boolean {
  for (const waiting of list) if (overlap(waiting.range, range)) return true;
  return false;
}

function overlap(one: HeldRange, other: HeldRange): boolean {
  return one.start < other.end && other.start < one.end;
}
