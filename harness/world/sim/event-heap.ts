import type { Scheduled } from "./scheduled.ts";

/**
 * A binary heap of events by time, then sequence. Written out by hand because the comparison is
 * most of its work: a library's comparator call made the whole loop a tenth slower.
 *
 * Cancelled events and those of dead processes are swept out whenever the heap has doubled since
 * the last sweep, so timeouts that are set and cancelled by the million do not pile up.
 */
export class EventHeap {
  /** Only the first {@link length} places are in use: making the array shorter and longer all the time costs more. */
  readonly #items: (Scheduled | undefined)[] = [];
  #length = 0;
  #sweepAt = SWEEP_MIN;

  get length(): number {
    return this.#length;
  }

  push(event: Scheduled): void {
    if (this.#length >= this.#sweepAt) this.#sweep();
    this.#up(this.#length++, event);
  }

  /** Removes and gives the first event; `undefined` if there is none. */
  pop(): Scheduled | undefined {
    const items = this.#items;
    const top = items[0];
    if (top === undefined) return undefined;
    const lastAt = --this.#length;
    const last = items[lastAt] as Scheduled;
    items[lastAt] = undefined;
    if (lastAt > 0) this.#down(0, last);
    return top;
  }

  #up(start: number, event: Scheduled): void {
    const items = this.#items;
    const { timeNs, sequence } = event;
    let at = start;
    while (at > 0) {
      const parentAt = (at - 1) >> 1;
      const parent = items[parentAt] as Scheduled;
      if (parent.timeNs < timeNs || (parent.timeNs === timeNs && parent.sequence < sequence)) break;
      items[at] = parent;
      at = parentAt;
    }
    items[at] = event;
  }

  #down(start: number, event: Scheduled): void {
    const items = this.#items;
    const { timeNs, sequence } = event;
    const length = this.#length;
    const firstLeaf = length >> 1;
    let at = start;
    while (at < firstLeaf) {
      let childAt = 2 * at + 1;
      let child = items[childAt] as Scheduled;
      const rightAt = childAt + 1;
      if (rightAt < length) {
        const right = items[rightAt] as Scheduled;
        if (right.timeNs < child.timeNs || (right.timeNs === child.timeNs && right.sequence < child.sequence)) {
          child = right;
          childAt = rightAt;
        }
      }
      if (timeNs < child.timeNs || (timeNs === child.timeNs && sequence < child.sequence)) break;
      items[at] = child;
      at = childAt;
    }
    items[at] = event;
  }

  #sweep(): void {
    const items = this.#items;
    let kept = 0;
    for (let at = 0; at < this.#length; at++) {
      const event = items[at] as Scheduled;
      if (event.callback !== undefined && event.process.state !== "dead") items[kept++] = event;
    }
    items.length = kept;
    this.#length = kept;
    for (let at = (kept >> 1) - 1; at >= 0; at--) this.#down(at, items[at] as Scheduled);
    this.#sweepAt = Math.max(SWEEP_MIN, 2 * kept);
  }
}

const SWEEP_MIN = 1024;
