/** Actions one after the other. One that fails stops none behind it. */
export class InOrder {
  #last: Promise<unknown> = Promise.resolve();

  /** @returns what the action came to */
  run<T>(action: () => Promise<T>): Promise<T> {
    const done = this.#last.then(action);
    this.#last = done.catch(() => undefined);
    return done;
  }
}
