import fc from "fast-check";
import { INVARIANTS, type RunRecord, VERDICTS } from "../harness/history/run-record.ts";

/** A run in order; the fields given replace its own. */
export function runRecord(fields: Partial<RunRecord> = {}): RunRecord {
  return {
    scenario: "the link is cut while the pair is in step",
    id: "link-suspension/cut-while-duplex",
    requirements: ["LS-5", "HX-4"],
    world: "sim",
    seed: 7,
    verdict: "PASS",
    historyHash: "0123456789abcdef",
    events: 12_345,
    virtualMs: 2_500,
    wallMs: 41.5,
    faults: [{ kind: "cut", on: "link", injected: 3, effective: 3 }],
    invariants: { C: "PASS", L: "PASS" },
    checks: { C: 2, D: 4_000 },
    failures: [],
    oracles: [],
    vacuous: false,
    replay: "dG9rZW4",
    ...fields,
  };
}

/** Text as nobody would write it: control characters, markup, half surrogate pairs. */
const hostileText = fc.oneof(
  fc.string({ unit: "binary", maxLength: 40 }),
  fc.constantFrom("\u0000\u0001\u001b[31m", "]]>", "<a b='\"'>&", "\ud800", "\udc00\uffff", "a\nb\r\nc\t"),
);

const failure = fc.record({
  rule: fc.constantFrom(...INVARIANTS, "expectation" as const, "harness" as const),
  message: hostileText,
  timeNs: fc.nat(),
  blame: fc.array(
    fc.record({
      volume: hostileText,
      offsetBytes: fc.nat(),
      lengthBytes: fc.nat(),
      found: hostileText,
      expected: hostileText,
      cause: hostileText,
    }),
    { maxLength: 3 },
  ),
});

/** Runs of every kind; few ids and names, so that duplicates are frequent. */
export const runRecords: fc.Arbitrary<RunRecord[]> = fc.array(
  fc
    .record({
      scenario: fc.oneof(fc.constantFrom("a", "a (seed 1)", "a (seed 1) #2"), hostileText),
      id: fc.constantFrom("alone", "folder/one", "folder/two", "folder.one"),
      requirements: fc.array(fc.constantFrom("LS-1", "HX-4")),
      seed: fc.constantFrom(0, 1, 0xffff_ffff),
      verdict: fc.constantFrom(...VERDICTS),
      wallMs: fc.double({ min: 0, max: 1e6, noNaN: true }),
      failures: fc.array(failure, { maxLength: 3 }),
      vacuous: fc.boolean(),
    })
    .map(runRecord),
  { maxLength: 12 },
);
