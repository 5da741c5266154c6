import fc from "fast-check";
import { expect, test } from "vitest";
import { z } from "zod";
import { resultDocument, resultDocumentSchema, resultJsonSchema } from "./result-document.ts";
import { runRecord, runRecords } from "./run-records.fixture.ts";

test("every document keeps to the published schema, after JSON too", () => {
  // The schema as outsiders get it, not the one that it was made from.
  const published = z.fromJSONSchema(resultJsonSchema() as Parameters<typeof z.fromJSONSchema>[0]);
  fc.assert(
    fc.property(runRecords, (runs) => {
      const document: unknown = JSON.parse(JSON.stringify(resultDocument(runs, "PASS", 1)));
      expect(resultDocumentSchema.safeParse(document).error).toBeUndefined();
      expect(published.safeParse(document).error).toBeUndefined();
    }),
    { seed: 20261123, numRuns: 100 },
  );
});

test.each([
  ["a seed beyond 32 bits", { seed: 2 ** 32 }],
  ["a hash of another length", { historyHash: "abc" }],
  ["a negative count", { events: -1 }],
])("the schema refuses %s", (_what, fields) => {
  expect(resultDocumentSchema.safeParse(resultDocument([runRecord(fields)], "PASS", 1)).success).toBe(false);
});

test("a run carries every field that readers are promised", () => {
  const [run] = resultDocument([runRecord()], "PASS", 1).runs;
  expect(Object.keys(run ?? {})).toEqual(
    expect.arrayContaining([
      "scenario",
      "requirements",
      "world",
      "seed",
      "verdict",
      "historyHash",
      "events",
      "virtualMs",
      "wallMs",
      "faults",
      "invariants",
      "replay",
    ]),
  );
});
