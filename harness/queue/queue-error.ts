interface QueueErrorParts {
  /** The queue, as it may be shown, or what was asked of it. */
  readonly place: string;
  readonly found: string;
  readonly expected: string;
  readonly remedy?: string;
}

/** The queue cannot be used as it was asked: the caller's to mend, told in one line, with exit code 254. */
export class QueueError extends Error {
  readonly found: string;
  readonly expected: string;

  constructor({ place, found, expected, remedy }: QueueErrorParts, options?: ErrorOptions) {
    super(`${place}: found ${found}, expected ${expected}${remedy === undefined ? "" : `; ${remedy}`}`, options);
    this.name = "QueueError";
    this.found = found;
    this.expected = expected;
  }
}
