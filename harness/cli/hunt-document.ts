import { z } from "zod";
import { type RunRecord, VERDICTS } from "../history/run-record.ts";
import type { FailureGroup } from "../hunt/campaign-tally.ts";
import { keyText } from "../hunt/seed-result.ts";
import { historyLineSchema } from "./campaign-files.ts";

const count = z.int().min(0);
const seed = z.int().min(0).max(0xffff_ffff);

/** One run of a hunt in `history.jsonl`. */
export const huntLineSchema = historyLineSchema.required({ variant: true, events: true, fingerprints: true });
export type HuntLine = z.infer<typeof huntLineSchema>;

const groupSchema = z.strictObject({
  fingerprint: z.string(),
  count,
  /** `17`, or `17+2` for the second plan derived from seed 17. */
  seed: z.string(),
  message: z.string(),
  /** The command that runs it again. */
  replay: z.string(),
  /** Its plan made small: how small, how it is run again, and where it stands as a scenario. */
  small: z
    .strictObject({
      steps: count,
      faults: count,
      runs: count,
      isSmallest: z.boolean(),
      replay: z.string(),
      scenario: z.string(),
    })
    .optional(),
});
export type HuntGroup = z.infer<typeof groupSchema>;

/** What `hunt --json` prints, and `index.json` holds. */
export const huntDocumentSchema = z.object({
  schemaVersion: z.literal(1),
  generator: count,
  /** SHA-256 of the engine's source. */
  engine: z.string(),
  seeds: z.strictObject({ from: seed, to: seed }),
  shard: z.strictObject({ index: count, of: count }),
  status: z.enum(["complete", "time-over", "interrupted"]),
  verdict: z.enum(VERDICTS),
  /** The hash over all results, in order; whoever does them. */
  outcome: z.string(),
  runs: z.array(z.looseObject({ id: z.string() })),
  runCount: count,
  derivedCount: count,
  failedCount: count,
  events: count,
  groups: z.array(groupSchema),
  neverReached: z.array(z.string()),
  reached: z.record(z.string(), count),
  faults: z.array(z.strictObject({ kind: z.string(), injected: count, effective: count })),
  corpus: z.strictObject({ runCount: count, skippedCount: count, unexpected: z.array(z.string()) }),
  wallMs: count,
});
export type HuntDocument = Omit<z.infer<typeof huntDocumentSchema>, "runs"> & { readonly runs: readonly RunRecord[] };

/** The group as the document has it. */
export function groupOf({ fingerprint, count: times, example }: FailureGroup, replay: string): HuntGroup {
  const [failure] = example.record?.failures ?? [];
  const message = failure === undefined ? "" : `${failure.rule}: ${failure.message.split("\n", 1)[0] ?? ""}`;
  return { fingerprint, count: times, seed: keyText(example), message, replay };
}
