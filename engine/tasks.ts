/**
 * Work that nobody awaits. What escapes from it is a bug of ours, and stops the system: a replica
 * that goes on after a failed assertion may do harm.
 */
export class Tasks {
  /** Settles with the first error that escaped. */
  readonly failed: Promise<Error>;
  #fail: (error: Error) => void = () => {};
  readonly #escaped = (error: unknown): void => {
    this.#fail(error instanceof Error ? error : new Error(String(error)));
  };

  constructor() {
    this.failed = new Promise((resolve) => {
      this.#fail = resolve;
    });
  }

  /** @param onError deals with an error that may well come; what it throws has escaped. Without it, every error has */
  spawn(task: Promise<unknown>, onError?: (error: unknown) => void): void {
    if (onError === undefined) task.catch(this.#escaped);
    else {
      task.catch((error: unknown) => {
        try {
          onError(error);
        } catch (escaped) {
          this.#escaped(escaped);
        }
      });
    }
  }
}
