import fc from "fast-check";
import { expect, test } from "vitest";
import { nearNames } from "./near-names.ts";
import { selectScenarios } from "./select-scenarios.ts";

const entries = [
  ["journal-recovery/crash", ["JR-1"]],
  ["link-suspension/cut", ["LS-2a", "HX-4"]],
  ["link-suspension/cut-again", ["LS-5"]],
  ["regressions/torn", ["HX-6"]],
].map(([id, requirements]) => ({ id: id as string, name: "", requirements: requirements as string[], plan: {} }));

const select = (...patterns: string[]): string[] => selectScenarios(entries, patterns).map(({ id }) => id);

test.each<[string, string[]]>([
  ["link-suspension/cut", ["link-suspension/cut"]],
  ["scenarios/link-suspension/cut.ts", ["link-suspension/cut"]],
  ["./scenarios/regressions/torn.ts", ["regressions/torn"]],
  ["cut", ["link-suspension/cut", "link-suspension/cut-again"]],
  ["link-suspension/", ["link-suspension/cut", "link-suspension/cut-again"]],
  ["*cut", ["link-suspension/cut"]],
  ["*/c*", ["journal-recovery/crash", "link-suspension/cut", "link-suspension/cut-again"]],
  ["ls-2A", ["link-suspension/cut"]],
  ["HX-6", ["regressions/torn"]],
])("%s means %j", (pattern, ids) => {
  expect(select(pattern)).toEqual(ids);
});

test("scenarios come once and in their own order, whatever the patterns' order", () => {
  const ids = entries.map(({ id }) => id);
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...ids), { minLength: 1 }), (patterns) => {
      expect(select(...patterns)).toEqual(ids.filter((id) => patterns.includes(id)));
    }),
    { seed: 20261124, numRuns: 100 },
  );
});

test("no text that a person can type breaks the selection", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (pattern) => {
      try {
        expect(select(pattern).length).toBeGreaterThan(0);
      } catch (error) {
        expect(error).toHaveProperty("name", "UsageError");
      }
    }),
    { seed: 20261125, numRuns: 300 },
  );
});

test("near names are found by a slip of the finger, the nearest first", () => {
  const names = entries.map(({ id }) => id);
  expect(nearNames("link-suspension/cu", names)[0]).toBe("link-suspension/cut");
  expect(nearNames("tron", names)).toEqual(["regressions/torn"]);
  expect(nearNames("something else entirely", names)).toEqual([]);
});
