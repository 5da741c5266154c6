import { z } from "zod";
import { recoverySampleSchema, struckSchema } from "../history/run-record-schema.ts";
import { INVARIANTS, VERDICTS, WORLD_KINDS } from "../history/run-record.ts";

// What a campaign leaves, in three phases: `start.json` before its first run, `history.jsonl` as its runs end, `index.json` when it is
// over. Each is whole, or not there, whenever the harness is killed; of the history the last line may lack its end.

const count = z.int().nonnegative();
const seed = z.int().min(0).max(0xffff_ffff);

/** What a run is, before it is run. */
const plannedRunSchema = z.strictObject({
  id: z.string().min(1),
  scenario: z.string(),
  requirements: z.array(z.string()),
  world: z.enum(WORLD_KINDS),
  seed,
});

/** What is to be run: these runs; a random plan a seed; or as many rounds as there is time for. */
const plannedSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("runs"), runs: z.array(plannedRunSchema) }),
  z.strictObject({
    kind: z.literal("seeds"),
    seeds: z.strictObject({ from: seed, to: seed }),
    shard: z.strictObject({ index: count, of: count }),
    generator: count.describe("The version of what makes plans from seeds"),
    minutes: z.number().positive().optional().describe("Then as many of the seeds as there is time for"),
  }),
  z.strictObject({ kind: z.literal("rounds"), minutes: z.number().positive(), seed }),
  z.strictObject({ kind: z.literal("points"), scenario: z.string(), seed }),
]);

/** `start.json`: what is about to be done, with what, and where. Unknown fields are permitted. */
export const campaignStartSchema = z.looseObject({
  schemaVersion: z.literal(1),
  command: z.string().describe("The command that was given: run, start, replay, parity, hunt, chaos, exhaust"),
  startedAt: z.iso.datetime().describe("UTC"),
  version: z.string().describe("Of resilver"),
  engine: z.string().describe("SHA-256 of the engine's sources"),
  calledAs: z.string(),
  environment: z.array(z.tuple([z.string(), z.string()])).describe("What it runs on: names and values, for people"),
  planned: plannedSchema,
});
export type CampaignStart = z.infer<typeof campaignStartSchema>;
export type Planned = z.infer<typeof plannedSchema>;
export type PlannedRun = z.infer<typeof plannedRunSchema>;

/**
 * A line of `history.jsonl`: a run that has ended. Of all commands but `hunt` and `exhaust` it is the whole record, with all fields of
 * `resilver schema results`; those have too many runs for that, and records of their failures in `runs/`.
 */
export const historyLineSchema = z.looseObject({
  id: z.string().min(1),
  seed: seed.describe("Of the run; in a line of a hunt, the one that its plan was made from"),
  variant: count.optional().describe("Of a hunt: 0 for the plan of the seed itself; above, a plan derived from it"),
  scenario: z.string(),
  verdict: z.enum(VERDICTS),
  historyHash: z.string(),
  events: count.optional(),
  virtualMs: z.number().nonnegative().optional(),
  faults: z.array(
    z.looseObject({ kind: z.string(), injected: count, effective: count, struck: struckSchema.exactOptional() }),
  ),
  recovery: z
    .looseObject({ samples: z.array(recoverySampleSchema) })
    .exactOptional()
    .describe("What faults cost; docs/recovery.md defines it"),
  fingerprints: z.array(z.string()).optional().describe("Of a hunt: what failures of one cause have in common"),
});
export type HistoryLine = z.infer<typeof historyLineSchema>;

/** A line of a file of trends. Unknown fields are permitted. */
export const trendSchema = z.looseObject({
  schemaVersion: z.literal(1),
  date: z.iso.datetime().describe("UTC: when it began, or as the caller said"),
  commit: z.string().optional().describe("As the caller said"),
  command: z.string(),
  version: z.string(),
  engine: z.string().describe("SHA-256 of the engine's sources"),
  verdict: z.enum(VERDICTS),
  isComplete: z.boolean(),
  runs: z.partialRecord(z.enum(VERDICTS), count),
  events: count,
  wallMs: z.number().nonnegative(),
  virtualMs: z.number().nonnegative(),
  faults: z.array(z.looseObject({ kind: z.string(), injected: count, effective: count })),
  invariants: z.array(z.looseObject({ invariant: z.enum(INVARIANTS), checks: count, broken: count })),
  failureGroups: count,
});

const SCHEMAS = { start: campaignStartSchema, history: historyLineSchema, trends: trendSchema };

/** JSON Schema, draft 2020-12, by the name that `resilver schema` takes. */
export function campaignJsonSchema(name: keyof typeof SCHEMAS): unknown {
  return z.toJSONSchema(SCHEMAS[name], { target: "draft-2020-12" });
}
