/** Why a step could not be taken although its plan is in order: what it needs did not come about in this run. */
export type UnmetCode = "NOT_COME_ABOUT" | "MARK_NOT_SET";

/** A step is refused so, as a system refuses a command: no mistake of the harness. Its message begins with its code. */
export class UnmetError extends Error {
  constructor(code: UnmetCode, why: string) {
    super(`${code}: ${why}`);
    this.name = "UnmetError";
  }
}
