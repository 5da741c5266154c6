import { assert } from "../assert.ts";

interface Held {
  readonly start: number;
  readonly end: number;
  /** Resolves the waiter; `undefined` while it holds the lock. */
  grant: (() => void) | undefined;
}

/**
 * Serialises requests that overlap, in the order they came; others pass (rule 4). Half-open byte
 * ranges. A volume has few requests in flight, so a list is searched.
 */
export class RangeLock {
  readonly #held: Held[] = [];

  /** Requests that hold or wait. */
  get size(): number {
    return this.#held.length;
  }

  /** Settles when no earlier request overlaps. The result gives the range back; call it once. */
  async acquire(start: number, end: number): Promise<() => void> {
    const mine: Held = { start, end, grant: undefined };
    const blocked = this.#held.some((other) => overlaps(other, mine));
    this.#held.push(mine);
    if (blocked) {
      await new Promise<void>((resolve) => {
        mine.grant = resolve;
      });
    }
    return () => this.#release(mine);
  }

  /** Settles when everything that holds or waits now is done. Later requests wait behind it. */
  async drain(): Promise<() => void> {
    return this.acquire(0, Number.MAX_SAFE_INTEGER);
  }

  #release(mine: Held): void {
    const at = this.#held.indexOf(mine);
    assert(at >= 0 && mine.grant === undefined, "a range is released once, by its holder");
    this.#held.splice(at, 1);
    for (let index = at; index < this.#held.length; index++) {
      const waiter = this.#held[index] as Held;
      if (waiter.grant === undefined || this.#blockedBefore(index)) continue;
      const { grant } = waiter;
      waiter.grant = undefined;
      grant();
    }
  }

  #blockedBefore(index: number): boolean {
    const waiter = this.#held[index] as Held;
    for (let earlier = 0; earlier < index; earlier++) if (overlaps(this.#held[earlier] as Held, waiter)) return true;
    return false;
  }
}

function overlaps(left: Held, right: Held): boolean {
  return left.start < right.end && right.start < left.end;
}
