import { assert } from "../assert.ts";
import { type Clock, NS_PER_MS, type Timer } from "../ports/index.ts";

/**
 * The {@link Clock} of this machine. Monotonic time is that since this program started; after 104 days, from 2^53
 * on, it comes in steps of a few nanoseconds.
 *
 * Node.js fires its timers up to a millisecond early, more after a busy turn, and those of unlike
 * delays in an order of its own. So the order is kept here, one timer of Node.js waits for the
 * first, and each is looked at again when that fires.
 */
export class NodeClock implements Clock {
  /** By due time, those of equal due time in the order set. */
  readonly #waiting: NodeTimer[] = [];
  /** What wakes this up for the first of them. */
  #wake: { readonly dueNs: number; cancel(): void } | undefined;
  #stopped = false;

  monotonicNs(): number {
    return Math.floor(performance.now() * NS_PER_MS);
  }

  wallMs(): number {
    return Date.now();
  }

  after(delayNs: number, callback: () => void): Timer {
    assert(Number.isSafeInteger(delayNs) && delayNs >= 0, `a timer waits a whole number of ns, not ${delayNs}`);
    const timer = new NodeTimer(this.monotonicNs() + delayNs, callback, this.#drop);
    if (this.#stopped) return timer;
    this.#waiting.splice(placeAfter(this.#waiting, timer.dueNs), 0, timer);
    this.#arm();
    return timer;
  }

  /** From now on no timer fires, neither those set nor those to come: the process can end. */
  stop(): void {
    this.#stopped = true;
    this.#waiting.length = 0;
    this.#arm();
  }

  readonly #drop = (timer: NodeTimer): void => {
    const at = this.#waiting.indexOf(timer);
    if (at === -1) return;
    this.#waiting.splice(at, 1);
    this.#arm();
  };

  #arm(): void {
    const first = this.#waiting[0];
    if (this.#wake !== undefined) {
      // An early wake-up does no harm, and is cheaper than setting another for every cancelled timer.
      if (first !== undefined && this.#wake.dueNs <= first.dueNs) return;
      this.#wake.cancel();
      this.#wake = undefined;
    }
    if (first === undefined) return;
    const delayNs = first.dueNs - this.monotonicNs();
    if (delayNs <= 0) {
      const immediate = setImmediate(this.#fire);
      this.#wake = { dueNs: first.dueNs, cancel: () => clearImmediate(immediate) };
    } else {
      const timeout = setTimeout(this.#fire, Math.min(Math.ceil(delayNs / NS_PER_MS), TIMEOUT_MS_MAX));
      this.#wake = { dueNs: first.dueNs, cancel: () => clearTimeout(timeout) };
    }
  }

  readonly #fire = (): void => {
    this.#wake = undefined;
    // What these set is due later than this moment, so the loop ends.
    const nowNs = this.monotonicNs();
    try {
      for (;;) {
        const timer = this.#waiting[0];
        if (timer === undefined || timer.dueNs > nowNs) return;
        this.#waiting.shift();
        timer.callback();
      }
    } finally {
      this.#arm();
    }
  };
}

/** More than this Node.js takes for one. */
const TIMEOUT_MS_MAX = 2 ** 31 - 1;

class NodeTimer implements Timer {
  readonly dueNs: number;
  readonly callback: () => void;
  readonly #drop: (timer: NodeTimer) => void;

  constructor(dueNs: number, callback: () => void, drop: (timer: NodeTimer) => void) {
    this.dueNs = dueNs;
    this.callback = callback;
    this.#drop = drop;
  }

  cancel(): void {
    this.#drop(this);
  }
}

/** Index of the first timer that is due after `dueNs`. */
function placeAfter(timers: readonly NodeTimer[], dueNs: number): number {
  let low = 0;
  let high = timers.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((timers[middle] as NodeTimer).dueNs <= dueNs) low = middle + 1;
    else high = middle;
  }
  return low;
}
