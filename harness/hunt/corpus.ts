import { z } from "zod";
import { VERDICTS } from "../history/run-record.ts";

const seed = z.int().min(0).max(0xffff_ffff);
const about = { commit: z.string().regex(/^[0-9a-f]{7,40}$/), verdict: z.enum(VERDICTS) };

const corpusLineSchema = z.union([
  z.strictObject({ scenario: z.string().min(1), seed, ...about }),
  z.strictObject({ generator: z.int().min(1), seed, variant: z.int().min(0), ...about }),
]);

/** A run that once failed: of a scenario, or of a generator's seed; with the verdict that it has to come to since. */
export type CorpusLine = z.infer<typeof corpusLineSchema>;

/**
 * Reads the corpus: a line of JSON each; `commit` is that which mended the failure.
 *
 * @throws Error naming the line that is wrong
 */
export function parseCorpus(text: string): CorpusLine[] {
  return text
    .split("\n")
    .map((line, index) => ({ line: line.trim(), number: index + 1 }))
    .filter(({ line }) => line !== "")
    .map(({ line, number }) => {
      try {
        return corpusLineSchema.parse(JSON.parse(line));
      } catch (error) {
        throw new Error(`line ${number} of the corpus: ${error instanceof Error ? error.message : ""}`, {
          cause: error,
        });
      }
    });
}
