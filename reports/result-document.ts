import { z } from "zod";
import {
  INVARIANTS,
  RECOVERY_MEASURES,
  type RunRecord,
  VERDICTS,
  type Verdict,
} from "../harness/history/run-record.ts";

/** Rises when a reader of the former form would misread the new one. */
export const RESULT_SCHEMA_VERSION = 1;

const verdict = z.enum(VERDICTS);
const count = z.int().nonnegative();

const fault = z.object({
  kind: z.string().min(1),
  on: z.string().describe("What it was done to: a link, or system/volume"),
  injected: count,
  effective: count.describe("Injections whose effect was observed"),
});

const blame = z.object({
  volume: z.string(),
  offsetBytes: count,
  lengthBytes: count,
  found: z.string(),
  expected: z.string(),
  cause: z.string(),
});

const failure = z.object({
  rule: z.enum([...INVARIANTS, "expectation", "determinism", "target", "harness"]),
  message: z.string(),
  timeNs: z.number().nonnegative().describe("Nanoseconds since the start of the run"),
  blame: z.array(blame),
});

const oracle = z.object({
  oracle: z.string(),
  judged: count,
  accepted: count,
  verdict,
  detail: z.string(),
});

/** One run. Unknown fields are permitted: later versions may add some. */
export const runRecordSchema = z.looseObject({
  scenario: z.string().describe("Its name, for people"),
  id: z.string().min(1).describe("Its name, for commands: the path in scenarios/ without .ts"),
  requirements: z.array(z.string()),
  world: z.enum(["sim", "containers"]),
  target: z.string().exactOptional().describe("The outside target that was run; without, the engine of resilver"),
  seed: z.int().min(0).max(0xffff_ffff),
  verdict,
  historyHash: z
    .string()
    .regex(/^([0-9a-f]{16})?$/)
    .describe("16 hexadecimal digits; empty if nothing ran"),
  events: count,
  virtualMs: z.number().nonnegative(),
  wallMs: z.number().nonnegative(),
  faults: z.array(fault),
  invariants: z.partialRecord(z.enum(INVARIANTS), verdict),
  checks: z.partialRecord(z.enum(INVARIANTS), count).describe("How often each invariant was evaluated"),
  failures: z.array(failure),
  oracles: z.array(oracle),
  vacuous: z.boolean().describe("A fault had no observed effect; the verdict is UNKNOWN at best"),
  recovery: z
    .looseObject({
      samples: z.array(
        z.looseObject({
          measure: z.enum(RECOVERY_MEASURES),
          fault: z.string(),
          ms: z.number().nonnegative(),
          bytes: count.optional(),
        }),
      ),
    })
    .optional()
    .describe("What faults cost; docs/recovery.md defines it"),
  replay: z.string().describe("The token for resilver replay TOKEN"),
});

/** What `--json` prints and `index.json` holds. */
export const resultDocumentSchema = z.looseObject({
  schemaVersion: z.literal(RESULT_SCHEMA_VERSION),
  verdict: verdict.describe("Of all runs together: FAIL > ERROR > UNKNOWN > SKIPPED > PASS"),
  wallMs: count.optional().describe("Real time that all of it took"),
  runs: z.array(runRecordSchema),
});

/** @see resultDocumentSchema */
export interface ResultDocument {
  readonly schemaVersion: typeof RESULT_SCHEMA_VERSION;
  readonly verdict: Verdict;
  readonly wallMs: number;
  readonly runs: readonly RunRecord[];
}

/** @param verdict of all runs together @param wallMs real time that all of it took */
export function resultDocument(runs: readonly RunRecord[], verdict: Verdict, wallMs: number): ResultDocument {
  return { schemaVersion: RESULT_SCHEMA_VERSION, verdict, wallMs: Math.round(wallMs), runs };
}

/** The JSON Schema of {@link ResultDocument}, draft 2020-12. */
export function resultJsonSchema(): unknown {
  return z.toJSONSchema(resultDocumentSchema, { target: "draft-2020-12" });
}
