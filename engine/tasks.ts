/**
 * Work that nobody awaits. What escapes from it is a bug of ours, and stops the system: a replica
 * that goes on after a failed assertion may do harm.
 */
export class Tasks {
  /** Settles with the first error that escaped. */
  readonly failed: Promise<Error>;
  #fail: (error: Error) => void = () => {};

  constructor() {
    this.failed = new Promise((resolve) => {
      this.#fail = resolve;
    });
  }

  /** @param onError deals with an error that may well come; what it throws has escaped. Without it, every error has */
  spawn(task: Promise<unknown>, onError: (error: unknown) => void = escape): void {
    task.catch((error: unknown) => {
      try {
        onError(error);
      } catch (escaped) {
        this.#fail(escaped instanceof Error ? escaped : new Error(String(escaped)));
      }
    });
  }
}

function escape(error: unknown): never {
  throw error;
}
