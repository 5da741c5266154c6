import { stripVTControlCharacters } from "node:util";
import { expect, test } from "vitest";
import { consoleReport } from "./console-report.ts";
import { consoleTable } from "./console-table.ts";
import { painter } from "./paint.ts";
import { runRecord } from "./run-records.fixture.ts";

const runs = [
  runRecord(),
  runRecord({
    id: "link-suspension/cut-again-and-again-during-the-resync-of-both-sides-after-a-crash",
    events: 9_999_999,
  }),
  runRecord({ id: "regressions/x", verdict: "FAIL", failures: [{ rule: "C", message: "m", timeNs: 0, blame: [] }] }),
  runRecord({
    id: "regressions/y",
    verdict: "UNKNOWN",
    vacuous: true,
    faults: [{ kind: "eio", on: "a/pvol", injected: 1, effective: 0 }],
  }),
];

const options = {
  columns: 120,
  colour: false,
  replayCommand: (token: string) => `resilver replay ${token}`,
  verdict: "FAIL" as const,
  wallMs: 1_234,
};

test.each([60, 72, 80, 100, 120, 200])(
  "the table fits %i columns and loses no part of a name or verdict",
  (columns) => {
    const table = consoleTable(runs, columns, painter(false));
    for (const line of table.split("\n")) expect(line.length).toBeLessThanOrEqual(columns);
    const squeezed = table.replaceAll(/[^\w-]/g, "");
    for (const { id } of runs) expect(table).toContain(id.slice(id.indexOf("/") + 1).slice(0, 8));
    expect(squeezed).toContain("vacuous");
    expect(table).toContain("faults");
  },
);

test("a wide terminal shows every column", () => {
  const [head] = consoleTable(runs, 200, painter(false)).split("\n");
  expect(head?.trim().split(/ {2,}/)).toEqual([
    "scenario",
    "requirements",
    "verdict",
    "seed",
    "events",
    "virtual ms",
    "wall ms",
    "faults",
    "checks",
  ]);
});

test("colour adds nothing but colour", () => {
  const plain = consoleReport(runs, options);
  const coloured = consoleReport(runs, { ...options, colour: true });
  expect(plain).toBe(stripVTControlCharacters(plain));
  expect(coloured).not.toBe(plain);
  expect(stripVTControlCharacters(coloured)).toBe(plain);
});

test("every run has its seed and its replay command, and a failure has it first", () => {
  const lines = consoleReport(runs, options).split("\n");
  expect(lines.filter((line) => line.includes("replay with: resilver replay dG9rZW4")).length).toBe(runs.length);
  const failed = lines.findIndex((line) => line.startsWith("FAIL  regressions/x  seed 7"));
  expect(lines[failed - 1]).toBe("replay with: resilver replay dG9rZW4");
});

test("many runs in order leave their tokens to the records, a failure among them never", () => {
  const good = runs.filter((run) => run.verdict === "PASS");
  const many = Array.from({ length: 20 }, () => good[0]).filter((run) => run !== undefined);
  const text = consoleReport([...many, ...runs.filter((run) => run.verdict === "FAIL")], options);
  expect(text).toContain("replay one of the 20 good runs with: resilver replay TOKEN; the tokens are in the records");
  expect(text.split("\n").filter((line) => line.includes("replay with: resilver replay dG9rZW4")).length).toBe(1);
});

test("the last line counts what happened", () => {
  expect(consoleReport(runs, options).trimEnd().split("\n").at(-1)).toBe(
    "FAIL  4 runs: 1 FAIL, 1 UNKNOWN, 2 PASS, 1 vacuous  in 1.2 s",
  );
});
