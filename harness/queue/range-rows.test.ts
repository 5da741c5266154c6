import fc from "fast-check";
import { expect, test } from "vitest";
import { MIRROR_STATES } from "../history/mirror-state.ts";
import { RECOVERY_MEASURES, VERDICTS } from "../history/run-record.ts";
import { unjudgedRecord } from "../history/unjudged-record.ts";
import type { SeedResult } from "../hunt/seed-result.ts";
import { rangeResults, rangeRows, resultRowSchema } from "./range-rows.ts";

const seed = fc.nat(0xffff_ffff);
const name = fc.constantFrom(
  "pair.duplex",
  "DUPLEX → SPLIT",
  "goal a cut during the hello",
  "cut",
  "link",
  "__proto__",
);
const count = fc.nat(1000);
const struck = fc.dictionary(fc.constantFrom(...MIRROR_STATES), fc.tuple(count, count));
const record = fc.string().map((message) => {
  const head = { id: "hunt/1", scenario: "x", requirements: [], world: "sim", seed: 1, replay: "" } as const;
  return unjudgedRecord(head, "FAIL", { rule: "A", message });
});
const result: fc.Arbitrary<SeedResult> = fc
  .record({
    ...{ seed, variant: fc.nat(3), verdict: fc.constantFrom(...VERDICTS), historyHash: fc.string(), events: count },
    fingerprints: fc.array(fc.string()),
    reached: fc.array(name),
    faults: fc.array(
      fc
        .record({ kind: name, on: name, injected: count, effective: count })
        .chain((fault) => fc.option(struck).map((states) => (states === null ? fault : { ...fault, struck: states }))),
    ),
    recovery: fc.array(
      fc
        .record({ measure: fc.constantFrom(...RECOVERY_MEASURES), fault: name, ms: fc.double({ min: 0, max: 1e6 }) })
        .chain((sample) => fc.option(count).map((bytes) => (bytes === null ? sample : { ...sample, bytes }))),
    ),
  })
  .chain((passed) => fc.option(record).map((one) => (one === null ? passed : { ...passed, record: one })));

test("what is stored of results is read again as it was, through JSON, names once", () => {
  fc.assert(
    fc.property(fc.array(result, { maxLength: 32 }), (results) => {
      const stored = rangeRows(results);
      expect(new Set(stored.names).size).toBe(stored.names.length);
      const read = JSON.parse(JSON.stringify(stored)) as typeof stored;
      for (const row of read.rows) expect(resultRowSchema.parse(row)).toEqual(row);
      expect(rangeResults(read)).toEqual(JSON.parse(JSON.stringify(results)));
    }),
    { seed: 1 },
  );
});

test("a record beyond 4 Mi characters is left out; a place without a name is no result", () => {
  const head = { id: "hunt/1", scenario: "x", requirements: [], world: "sim", seed: 1, replay: "" } as const;
  const large = unjudgedRecord(head, "FAIL", { rule: "A", message: "x".repeat(5 * 2 ** 20) });
  const base = { seed: 1, variant: 0, verdict: "FAIL", historyHash: "", events: 0, fingerprints: [] } as const;
  const rows = rangeRows([{ ...base, reached: ["a"], faults: [], recovery: [], record: large }]);
  expect(rangeResults(rows)[0]).not.toHaveProperty("record");
  expect(() => rangeResults({ ...rows, names: [] })).toThrow("place 0 of 0");
});
