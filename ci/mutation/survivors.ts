import { readFileSync } from "node:fs";
import type { Mutant } from "./mutant.ts";

/** Why no test tells a mutant from the source as it is. */
export interface Reason {
  readonly file: string;
  readonly mutator: string;
  readonly original: string;
  readonly replacement: string;
  /** Which one, where the file has the same change of the same text several times; all of them if it is not given. */
  readonly occurrence?: number;
  /** It does the same; it differs in speed, room or bounds only; or a test is still missing. */
  readonly kind: "equivalent" | "cost" | "untested";
  readonly reason: string;
}

/** The reasons of `survivors.json`. */
export function reasons(): Reason[] {
  return JSON.parse(readFileSync(new URL("./survivors.json", import.meta.url), "utf8")) as Reason[];
}

/** @returns undefined if none is written down */
export function reasonOf(mutant: Mutant, known: readonly Reason[]): Reason | undefined {
  const occurrence = Number(mutant.key.slice(mutant.key.lastIndexOf("\n") + 1));
  return known.find(
    (reason) =>
      reason.file === mutant.file &&
      reason.mutator === mutant.mutator &&
      reason.original === mutant.original &&
      reason.replacement === mutant.replacement &&
      (reason.occurrence ?? occurrence) === occurrence,
  );
}
