/**
 * What a conformance suite is handed to declare its cases: the `test` of vitest, node:test or
 * any runner of that shape. The engine itself imports no runner.
 */
export type ConformanceTest = (name: string, body: () => Promise<void> | void) => void;

/** Fails the case with `message` unless `condition` holds. @throws Error */
export function expectThat(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(message);
}

/** Fails the case unless both have the same JSON form. @throws Error with place, expected and found */
export function expectSame(found: unknown, expected: unknown, place: string): void {
  const foundText = JSON.stringify(found);
  const expectedText = JSON.stringify(expected);
  if (foundText !== expectedText) throw new Error(`${place}: expected ${expectedText}, found ${foundText}`);
}
