import fc from "fast-check";
import { expect, test } from "vitest";
import { githubAnnotations, githubSummary, jobReport } from "./github.ts";
import { runRecord, runRecords } from "./run-records.fixture.ts";

const replayCommand = (token: string): string => `resilver replay ${token}`;
const failing = runRecord({
  verdict: "FAIL",
  failures: [{ rule: "D", message: "2 tracks differ: 100 %", timeNs: 1_500_000, blame: [] }],
});

test("runs that are in order are counted, and nothing else", () => {
  const report = jobReport([runRecord(), runRecord(), runRecord({ verdict: "NOT_APPLICABLE" })], "PASS", replayCommand);
  expect(githubAnnotations(report)).toBe("");
  expect(githubSummary(report)).toBe("### resilver: PASS\n\n3 runs: 2 PASS, 1 NOT\\_APPLICABLE\n");
});

test("a run that failed is an annotation and a paragraph, each with the command that runs it again", () => {
  const report = jobReport([runRecord(), failing], "FAIL", replayCommand);
  expect(githubAnnotations(report)).toBe(
    "::error title=link-suspension/cut-while-duplex%2C seed 7%3A FAIL::invariant D at 1.500 ms: 2 tracks differ: 100 %25%0Areplay with: resilver replay dG9rZW4\n",
  );
  expect(githubSummary(report)).toBe(`### resilver: FAIL

2 runs: 1 PASS, 1 FAIL

**link-suspension/cut-while-duplex, seed 7: FAIL**

\`\`\`text
invariant D at 1.500 ms: 2 tracks differ: 100 %
\`\`\`

\`\`\`text
resilver replay dG9rZW4
\`\`\`
`);
});

test("of more than ten problems the tenth annotation counts the rest", () => {
  const report = jobReport(
    Array.from({ length: 25 }, () => failing),
    "FAIL",
    replayCommand,
  );
  const lines = githubAnnotations(report).trimEnd().split("\n");
  expect([lines.length, lines.at(-1)]).toEqual([10, "::error title=resilver::16 more: see the summary of the job"]);
  expect(githubAnnotations({ ...report, problems: report.problems.slice(0, 10) }).match(/^::error/gmu)).toHaveLength(
    10,
  );
});

test("whatever a run says, there are at most ten annotations of a line each, and a summary that GitHub takes", () => {
  fc.assert(
    fc.property(runRecords, fc.integer({ min: 1, max: 2_000 }), (runs, times) => {
      const many = runs.flatMap((run) => Array.from({ length: times }, () => run));
      const report = jobReport(many, "FAIL", replayCommand);
      const lines = githubAnnotations(report).split("\n").slice(0, -1);
      expect(lines.length).toBeLessThanOrEqual(10);
      for (const line of lines) expect(line).toMatch(/^::error title=[^\r\n:,]*::[^\r\n]*$/u);
      const summary = githubSummary(report);
      expect(new TextEncoder().encode(summary).length).toBeLessThan(1024 * 1024);
      const shown = summary.match(/^\*\*/gmu)?.length ?? 0;
      const left = Number(/\nand (\d+) more\n$/u.exec(summary)?.[1] ?? 0);
      expect(shown + left).toBe(report.problems.length);
    }),
    { numRuns: 50 },
  );
});
