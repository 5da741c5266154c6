import { validate } from "ctrf";
import fc from "fast-check";
import { expect, test } from "vitest";
import { ctrfReport } from "./ctrf.ts";
import { runRecord, runRecords } from "./run-records.fixture.ts";

const options = {
  version: "1.2.3",
  startedAt: "2026-01-31T12:00:00.000Z",
  wallMs: 1234.5,
  replayCommand: (token: string) => `resilver replay ${token}`,
};

interface Report {
  readonly results: {
    readonly summary: Readonly<Record<string, number>>;
    readonly tests: readonly { readonly name: string; readonly status: string; readonly suite: readonly string[] }[];
  };
}

test("whatever runs say, the report is valid by the schema that is published for the format", () => {
  fc.assert(
    fc.property(runRecords, (runs) => {
      const text = JSON.stringify(ctrfReport(runs, options));
      const { valid, errors } = validate(JSON.parse(text));
      expect(errors).toEqual([]);
      expect(valid).toBe(true);
      // Half of a surrogate pair would be written as an escape that no reader takes.
      expect(text).not.toMatch(/\\ud[89a-f]/u);
    }),
    { seed: 20261124, numRuns: 50 },
  );
});

test("the schema would refuse another status", () => {
  const report = JSON.stringify(ctrfReport([runRecord()], options)).replace('"passed"', '"fine"');
  expect(validate(JSON.parse(report)).valid).toBe(false);
});

test("the summary counts the tests, each verdict has its status, and no two tests of a suite have one name", () => {
  fc.assert(
    fc.property(runRecords, (runs) => {
      const { summary, tests } = (ctrfReport(runs, options) as Report).results;
      for (const status of ["passed", "failed", "skipped", "other"])
        expect(summary[status]).toBe(tests.filter((one) => one.status === status).length);
      expect(summary["tests"]).toBe(runs.length);
    }),
    { seed: 20261125, numRuns: 100 },
  );
});

test.each([
  ["PASS", "passed"],
  ["FAIL", "failed"],
  ["ERROR", "failed"],
  ["UNKNOWN", "other"],
  ["SKIPPED", "skipped"],
  ["NOT_APPLICABLE", "skipped"],
  ["WAIVED", "skipped"],
] as const)("%s becomes %s, and is told as it is", (verdict, status) => {
  const { tests } = (ctrfReport([runRecord({ verdict })], options) as Report).results;
  expect(tests[0]).toMatchObject({ status, rawStatus: verdict });
});

test("a failure says what broke, and first how to repeat it", () => {
  const failures = [{ rule: "C", message: "3 sectors differ", timeNs: 1_500_000, blame: [] }] as const;
  const { tests } = (ctrfReport([runRecord({ verdict: "FAIL", failures })], options) as Report).results;
  expect(tests[0]).toMatchObject({ message: "invariant C at 1.500 ms: 3 sectors differ" });
  expect((tests[0] as { readonly trace?: string }).trace).toMatch(/^replay with: resilver replay dG9rZW4\n/u);
});
