/**
 * What is done to a world, one thing after the other. A plan injects and heals without waiting; in real
 * time each takes a while, and the order must stay.
 */
export class Operations {
  #last: Promise<void> = Promise.resolve();
  #isClosed = false;
  readonly #onFailure: (error: unknown) => void;

  /** @param onFailure told of an operation that failed; those after it are still done */
  constructor(onFailure: (error: unknown) => void) {
    this.#onFailure = onFailure;
  }

  /** Does it after all that was asked for before. Settles when it is done, or has failed. */
  do(operation: () => Promise<void>): Promise<void> {
    if (this.#isClosed) return new Promise(() => {});
    this.#last = this.#last.then(operation).catch(this.#onFailure);
    return this.#last;
  }

  /** Settles when everything that was asked for so far is done. */
  settled(): Promise<void> {
    return this.#last;
  }

  /** As {@link settled}; a plan that was given up may ask for more, and that is never done. */
  close(): Promise<void> {
    this.#isClosed = true;
    return this.#last;
  }
}
