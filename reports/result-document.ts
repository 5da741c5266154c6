import { z } from "zod";
import { type RunRecord, VERDICTS, type Verdict } from "../harness/history/run-record.ts";
import { runRecordSchema } from "../harness/history/run-record-schema.ts";

/** Rises when a reader of the former form would misread the new one. */
export const RESULT_SCHEMA_VERSION = 1;

const verdict = z.enum(VERDICTS);
const count = z.int().nonnegative();

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
