import { Fifo } from "../tcp/fifo.ts";

/** A lock: operations run one at a time, in the order asked for. An operation may end later than its call. */
export class OpQueue {
  readonly #waiting = new Fifo<(done: () => void) => void>();
  #busy = false;

  run(operation: (done: () => void) => void): void {
    this.#waiting.push(operation);
    this.#next();
  }

  #next(): void {
    while (!this.#busy) {
      const operation = this.#waiting.shift();
      if (operation === undefined) return;
      this.#busy = true;
      operation(() => {
        this.#busy = false;
        this.#next();
      });
    }
  }
}
