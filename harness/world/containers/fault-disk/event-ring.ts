import type { DiskEvent, DiskEvents } from "./disk-event.ts";

/** Events kept for readers. Who falls further behind is told how many it missed, and looks at the disks instead. */
const KEPT_MAX = 64 * 1024;
/** Of one answer to who reads them one by one. */
const ANSWER_MAX = 4096;

/** The last events, by number; readers wait for the next. */
export class EventRing {
  readonly #kept: (DiskEvent | undefined)[] = Array.from({ length: KEPT_MAX });
  readonly #waiting = new Set<() => void>();
  #last = 0;

  get last(): number {
    return this.#last;
  }

  add(event: Omit<DiskEvent, "n">): void {
    const n = ++this.#last;
    this.#kept[n % KEPT_MAX] = { n, ...event };
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }

  /** At most `most` of the events after `after`. */
  after(after: number, most = ANSWER_MAX): DiskEvents {
    const first = Math.max(after, this.#last - KEPT_MAX, 0) + 1;
    const events: DiskEvent[] = [];
    for (let n = first; n <= this.#last && events.length < most; n++) {
      const event = this.#kept[n % KEPT_MAX];
      if (event !== undefined) events.push(event);
    }
    return { events, last: this.#last, missed: Math.max(0, first - 1 - Math.max(after, 0)) };
  }

  /** Settles when there is an event after `after`, or `waitMs` are over. */
  whenAfter(after: number, waitMs: number): Promise<void> {
    if (this.#last > after || waitMs <= 0) return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(done);
        resolve();
      };
      const timer = setTimeout(done, waitMs);
      this.#waiting.add(done);
    });
  }
}
