import { z } from "zod";
import { TraceError } from "./trace-error.ts";

const wholeNumber = z.number().int().nonnegative();

const sqliteSchema = z.strictObject({
  /** Absolute path inside the recorded file system. */
  path: z.string().regex(/^(\/[\w.-]+)+$/),
  table: z.string().regex(/^\w+$/),
  /** Every prefix of at least so many entries holds the table. */
  fromEntryCount: wholeNumber,
});

const traceInfoSchema = z.strictObject({
  name: z.string().regex(/^[\w.-]+$/),
  file: z.string().regex(/^[\w.-]+$/),
  volumeBytes: wholeNumber.multipleOf(512),
  entryCount: wholeNumber,
  flushCount: wholeNumber,
  writtenBytes: wholeNumber,
  /** Of the whole volume after the last entry, starting from zeros. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  fileSystem: z.strictObject({
    kind: z.literal("ext4"),
    /** Every prefix of at least so many entries is a file system; shorter ones end inside its creation. */
    fromEntryCount: wholeNumber,
  }),
  sqlite: sqliteSchema.optional(),
});

const catalogSchema = z.strictObject({ schemaVersion: z.literal(1), traces: z.array(traceInfoSchema) });

/** What is known of a recorded trace without opening it. */
export type TraceInfo = z.infer<typeof traceInfoSchema>;

/** Reads the text of a `traces.json`. @throws TraceError TRACE_CATALOG */
export function parseTraceCatalog(text: string, place: string): readonly TraceInfo[] {
  const fail = (at: string, found: string, expected: string): TraceError =>
    new TraceError("TRACE_CATALOG", { place: at, found, expected, remedy: "correct the catalogue of traces" });
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw fail(place, error instanceof Error ? error.message : String(error), "JSON");
  }
  const parsed = catalogSchema.safeParse(json);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw fail(`${place}, ${issue?.path.join(".") ?? ""}`, issue?.message ?? "a mismatch", "a trace catalogue");
  }
  return parsed.data.traces;
}
