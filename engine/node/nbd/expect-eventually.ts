import { expect } from "vitest";

/** For tests: what `look` gives will be so in the end, however busy the machine is. */
export function expectEventually<T>(look: () => T): ReturnType<typeof expect.poll<T>> {
  return expect.poll(look, { timeout: 15_000 });
}
