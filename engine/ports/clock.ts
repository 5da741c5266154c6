/**
 * Time, as much of it as the engine may know.
 *
 * `monotonicNs` never goes back and is the only base of delays; its rate may drift from that of
 * another system. `wallMs` is what an operator's watch says: it can step either way at any moment,
 * so it labels things and orders nothing.
 */
export interface Clock {
  /** Whole nanoseconds since some start; below 2^53. */
  monotonicNs(): number;
  /** Whole milliseconds since 1970. */
  wallMs(): number;
  /** Calls `callback` once, not before `delayNs` have passed. Equal times fire in the order set. */
  after(delayNs: number, callback: () => void): Timer;
}

export interface Timer {
  /** After this the callback is not called. Idempotent, also after it fired. */
  cancel(): void;
}

export const NS_PER_MS = 1_000_000;

/** Waits `delayNs` on `clock`. */
export function sleep(clock: Clock, delayNs: number): Promise<void> {
  return new Promise((resolve) => {
    clock.after(delayNs, resolve);
  });
}
