import fc from "fast-check";
import { expect, test } from "vitest";
import { scenarioFiles } from "../harness/cli/scenario-files.ts";
import { PORTABILITY_SCENARIOS } from "./portability-scenarios.ts";
import { judgePortability, type PortabilityRun, portabilityTable, type RuntimeResult } from "./portability-verdict.ts";

const hash = fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }).map((value) => value.toString(16).padStart(16, "0"));
const ids = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 8 }), { minLength: 1, maxLength: 6 });
const runsOf = (names: readonly string[]): fc.Arbitrary<PortabilityRun[]> =>
  fc.tuple(
    ...names.map((id) =>
      fc.record({ id: fc.constant(id), verdict: fc.constant("PASS"), historyHash: hash, events: fc.nat() }),
    ),
  );
const world = ids.chain((names) =>
  fc.record({ names: fc.constant(names), runs: runsOf(names), count: fc.integer({ min: 2, max: 4 }) }),
);

function same(runs: readonly PortabilityRun[], count: number): RuntimeResult[] {
  return Array.from({ length: count }, (_, index) => ({
    version: `${22 + 2 * index}.0.0`,
    optional: false,
    runs,
    missing: "",
  }));
}

test("what is the same everywhere is equal", () => {
  fc.assert(
    fc.property(world, ({ names, runs, count }) => {
      expect(judgePortability(names, same(runs, count))).toEqual({ outcome: "equal", findings: [] });
      expect(portabilityTable(names, same(runs, count))).not.toMatch(/!$|missing|none$/m);
    }),
  );
});

test("one digit, one event or one verdict that differs anywhere is a difference, and its scenario is named", () => {
  const change = fc.constantFrom<(run: PortabilityRun) => PortabilityRun>(
    (run) => ({ ...run, historyHash: `${run.historyHash.slice(0, 15)}${run.historyHash.endsWith("0") ? "1" : "0"}` }),
    (run) => ({ ...run, events: run.events + 1 }),
    (run) => ({ ...run, verdict: "FAIL" }),
  );
  fc.assert(
    fc.property(world, fc.nat(), fc.nat(), change, ({ names, runs, count }, runtime, scenario, changed) => {
      const at = scenario % runs.length;
      const results = same(runs, count).map((result, index) =>
        index === runtime % count ? { ...result, runs: runs.map((run, i) => (i === at ? changed(run) : run)) } : result,
      );
      const { outcome, findings } = judgePortability(names, results);
      expect(outcome).toBe("different");
      expect(findings).toHaveLength(1);
      expect(findings[0]).toContain(`${names[at]}: `);
    }),
  );
});

test("a runtime that is missing makes the answer unknown, unless it is optional", () => {
  fc.assert(
    fc.property(world, fc.boolean(), ({ names, runs, count }, optional) => {
      const absent = { version: "99.0.0", optional, runs: [], missing: "cannot be fetched" };
      const { outcome, findings } = judgePortability(names, [...same(runs, count), absent]);
      expect(outcome).toBe(optional ? "equal" : "unknown");
      expect(findings).toEqual(["Node.js 99.0.0: cannot be fetched"]);
    }),
  );
});

test("nothing compared is never equal", () => {
  const run = { id: "a/b", verdict: "PASS", historyHash: "0123456789abcdef", events: 1 };
  expect(judgePortability(["a/b"], same([run], 1)).outcome).toBe("unknown");
  expect(judgePortability([], same([], 3)).outcome).toBe("unknown");
  expect(judgePortability(["a/b"], same([], 3)).outcome).toBe("unknown");
  expect(judgePortability(["a/b"], same([{ ...run, historyHash: "" }], 3)).outcome).toBe("unknown");
});

test("the scenarios exist, and every folder of scenarios has one among them", () => {
  const shipped = scenarioFiles(new URL("../scenarios/", import.meta.url)).ids();
  expect(shipped).toEqual(expect.arrayContaining([...PORTABILITY_SCENARIOS]));
  const foldersOf = (ids: readonly string[]) => new Set(ids.map((id) => id.split("/")[0]));
  expect(foldersOf(PORTABILITY_SCENARIOS)).toEqual(foldersOf(shipped));
});
