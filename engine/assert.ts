/** A bug of ours. The incarnation that meets it stops; nothing after it can be trusted. */
export class AssertionError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "AssertionError";
  }
}

/** Stays on in production. @throws AssertionError */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new AssertionError(message);
}
