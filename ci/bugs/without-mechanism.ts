import { readFileSync } from "node:fs";

/** A line of the list of real bugs that has no counterpart in this engine. */
export interface BugWithoutMechanism {
  readonly number: number;
  readonly mechanism: string;
  readonly source: string;
  readonly reason: string;
}

export function withoutMechanism(): BugWithoutMechanism[] {
  return JSON.parse(
    readFileSync(new URL("./without-mechanism.json", import.meta.url), "utf8"),
  ) as BugWithoutMechanism[];
}
