import { expect, test } from "vitest";
import type { PageCampaign, PageRun } from "../harness/history/page-input.ts";
import { campaignGates, GateTally } from "./gates.ts";
import type { Gate } from "./page/page-data.ts";
import { runRecord } from "./run-records.fixture.ts";

function gatesOf(runs: readonly PageRun[]): Gate[] {
  const tally = new GateTally();
  for (const run of runs) tally.add(run);
  return tally.gates();
}

const verdictOf = (runs: readonly PageRun[], rule: RegExp): string | undefined =>
  gatesOf(runs).find((gate) => rule.test(gate.rule))?.verdict;

test("a rule that nothing was measured by is no pass, and one that was broken is told with its number", () => {
  expect(verdictOf([runRecord()], /^C /u)).toBe("PASS");
  expect(verdictOf([runRecord()], /^S /u)).toBe("NOT_APPLICABLE");
  expect(verdictOf([], /planned/u)).toBe("NOT_APPLICABLE");
  const broken = runRecord({ verdict: "FAIL", invariants: { C: "FAIL" } });
  const gate = gatesOf([runRecord(), broken]).find(({ rule }) => rule.startsWith("C "));
  expect(gate).toMatchObject({ verdict: "FAIL", measured: "broken in 1 runs, checked 4 times" });
});

test("a run that passes because a rule was broken, as it plants a mistake, breaks no rule", () => {
  const gate = gatesOf([runRecord({ invariants: { C: "FAIL" } })]).find(({ rule }) => rule.startsWith("C "));
  expect(gate?.verdict).toBe("PASS");
  expect(gate?.measured).toContain("in 1 that plant a mistake it was found");
});

test("a run that was planned and did not run, and a fault without effect, are seen", () => {
  expect(verdictOf([runRecord(), runRecord({ verdict: "SKIPPED" })], /planned/u)).toBe("INCOMPLETE");
  expect(verdictOf([runRecord({ verdict: "UNKNOWN", vacuous: true })], /effect/u)).toBe("UNKNOWN");
});

test("a hunt is judged by all of its runs; goals are told and not judged; faults without any effect leave it open", () => {
  const campaign: PageCampaign = {
    status: "complete",
    seeds: "0..9",
    generator: 1,
    outcome: "0",
    runCount: 10,
    derivedCount: 0,
    failedCount: 0,
    events: 1,
    wallMs: 1,
    coverage: { goalCount: 3, neverReached: ["one"], reached: [] },
    faults: [{ kind: "cut", injected: 4, effective: 1 }],
    corpus: { runCount: 8, unexpected: [] },
    groups: [],
  };
  const verdicts = (fields: Partial<PageCampaign>): string[] =>
    campaignGates({ ...campaign, ...fields }).map(({ verdict }) => verdict);
  expect(verdicts({})).toEqual(["PASS", "PASS", "PASS", "PASS", "NOT_APPLICABLE"]);
  expect(verdicts({ plannedSeeds: 10 })[0]).toBe("PASS");
  expect(verdicts({ plannedSeeds: 11 })[0]).toBe("INCOMPLETE");
  expect(verdicts({ status: "unfinished" })[0]).toBe("INCOMPLETE");
  expect(verdicts({ failedCount: 1 })[1]).toBe("FAIL");
  expect(verdicts({ runCount: 0 })[1]).toBe("NOT_APPLICABLE");
  expect(verdicts({ corpus: { runCount: 8, unexpected: ["back"] } })[2]).toBe("FAIL");
  expect(verdicts({ faults: [{ kind: "cut", injected: 4, effective: 0 }] })[3]).toBe("UNKNOWN");
  expect(campaignGates(campaign)[4]?.measured).toBe("2 of 3 reached");
});
