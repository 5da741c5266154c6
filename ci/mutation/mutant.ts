/** One change of one place of the source, as Stryker makes them. */
export interface Mutant {
  /** Of this set of files, as the switch in the instrumented source names it. */
  readonly id: string;
  /** From the root of the repository. */
  readonly file: string;
  readonly mutator: string;
  /** The source text that is replaced. */
  readonly original: string;
  readonly replacement: string;
  /** Lines and columns from 1, the end exclusive. */
  readonly location: Location;
  /** Why it is not tried; "" if it is. */
  readonly ignored: string;
  /**
   * The same as long as its file has the same change to the same text as often before it, wherever the text stands:
   * what a sample is drawn by, and what a reason in `survivors.json` is found by.
   */
  readonly key: string;
}

export interface Location {
  readonly start: Position;
  readonly end: Position;
}

export interface Position {
  readonly line: number;
  readonly column: number;
}

/** What became of a mutant. `timeout`: a test did not end any more, so it is noticed. */
export type Fate = "killed" | "timeout" | "survived" | "uncovered";

/** @returns whether a test tells the mutant from the source as it is */
export function isDetected(fate: Fate): boolean {
  return fate === "killed" || fate === "timeout";
}
