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

  spawn(task: Promise<unknown>): void {
    task.catch((error: unknown) => this.#fail(error instanceof Error ? error : new Error(String(error))));
  }
}
