/**
 * What is done to a world, one thing after the other. A plan injects and heals without waiting; in real
 * time each takes a while, and the order must stay.
 */
export class Operations {
  #last: Promise<void> = Promise.resolve();
  readonly #onFailure: (error: unknown) => void;

  /** @param onFailure told of an operation that failed; those after it are still done */
  constructor(onFailure: (error: unknown) => void) {
    this.#onFailure = onFailure;
  }

  /** Does it after all that was asked for before. Settles when it is done, or has failed. */
  do(operation: () => Promise<void>): Promise<void> {
    this.#last = this.#last.then(operation).catch(this.#onFailure);
    return this.#last;
  }

  /** Settles when everything that was asked for so far is done. */
  settled(): Promise<void> {
    return this.#last;
  }
}
