import { expect, test } from "vitest";
import { addStruck } from "../harness/history/mirror-state.ts";
import type { PageRun } from "../harness/history/page-input.ts";
import { StruckTally } from "./struck-tally.ts";

const runOf = (faults: PageRun["faults"]): PageRun => ({
  ...{ id: "a/b", scenario: "x", requirements: [], world: "sim", seed: 1, verdict: "PASS", historyHash: "" },
  faults,
});

test("faults are counted by the state in which they struck; of a run that does not tell it nothing is made up", () => {
  const tally = new StruckTally();
  tally.add(runOf([{ kind: "cut", injected: 3, effective: 2, struck: { DUPLEX: [2, 1], resync: [1, 1] } }]));
  tally.add(runOf([{ kind: "cut", injected: 1, effective: 1, struck: { resync: [1, 1] } }]));
  tally.add(
    runOf([
      { kind: "cut", injected: 5, effective: 5 },
      { kind: "crash", injected: 1, effective: 1 },
    ]),
  );
  expect(tally.finish()).toEqual([{ kind: "cut", struck: { DUPLEX: [2, 1], resync: [2, 2] } }]);
});

test("two that are added keep every injection, in the order of the states", () => {
  const sum = addStruck({ resync: [1, 0], SIMPLEX: [1, 1] }, { DUPLEX: [4, 2], resync: [2, 2] });
  expect(Object.entries(sum ?? {})).toEqual([
    ["SIMPLEX", [1, 1]],
    ["DUPLEX", [4, 2]],
    ["resync", [3, 2]],
  ]);
});
