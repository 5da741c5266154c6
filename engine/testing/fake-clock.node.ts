import type { Clock, Timer } from "../ports/index.ts";
import { drained } from "./drained.node.ts";

interface Due {
  readonly atNs: number;
  readonly callback: () => void;
}

/** Time that passes only when a test says so. */
export class FakeClock implements Clock {
  #nowNs = 0;
  #due: Due[] = [];

  monotonicNs(): number {
    return this.#nowNs;
  }

  wallMs(): number {
    return 0;
  }

  after(delayNs: number, callback: () => void): Timer {
    const due = { atNs: this.#nowNs + delayNs, callback };
    this.#due.push(due);
    return {
      cancel: () => {
        this.#due = this.#due.filter((other) => other !== due);
      },
    };
  }

  /** Lets `deltaNs` pass; timers fire in order, each after what the last one began has come to rest. */
  async pass(deltaNs: number): Promise<void> {
    const endNs = this.#nowNs + deltaNs;
    await drained();
    for (let next = this.#next(endNs); next !== undefined; next = this.#next(endNs)) {
      this.#due.splice(this.#due.indexOf(next), 1);
      this.#nowNs = next.atNs;
      next.callback();
      await drained();
    }
    this.#nowNs = endNs;
  }

  #next(endNs: number): Due | undefined {
    let next: Due | undefined;
    for (const due of this.#due) if (due.atNs <= endNs && (next === undefined || due.atNs < next.atNs)) next = due;
    return next;
  }
}
