import { expect, test } from "vitest";
import type { QualificationPlan } from "../history/qualification.ts";
import type { Failure, RunRecord } from "../history/run-record.ts";
import { conclude } from "./conclude.ts";
import { PROFILE, planOf, record, records, scenario } from "./sample.fixture.ts";

const EVIDENCE = { merkleRoot: "ef".repeat(32), files: [] };
const FAILURE: Failure = { rule: "D", message: "a difference", timeNs: 3, blame: [] };

function concludeOf(runs: readonly RunRecord[], plan: QualificationPlan = planOf()) {
  return conclude(plan, PROFILE, { records: runs, evidence: EVIDENCE });
}

/** The same runs, with that of `id` in `world` at `seed` changed. */
function but(id: string, world: RunRecord["world"], seed: number, fields: Partial<RunRecord>): RunRecord[] {
  return records().map((run) =>
    run.id === id && run.world === world && run.seed === seed ? { ...run, ...fields } : run,
  );
}

test("everything passed: qualified, and what did not apply is told", () => {
  const { verdict, reasons, conditions, scenarios, requirements, selfTest, counts } = concludeOf(records());
  expect({ verdict, reasons, conditions }).toEqual({ verdict: "QUALIFIED", reasons: [], conditions: [] });
  expect(scenarios.map((one) => [one.id, one.verdict, one.missing])).toEqual([
    ["one", "PASS", []],
    ["two", "PASS", []],
    ["three", "NOT_APPLICABLE", ["split"]],
  ]);
  expect(requirements.map((one) => [one.id, one.level, one.verdict, one.scenarios])).toEqual([
    ["LS-5", "MUST", "PASS", ["one"]],
    ["BR-3", "SHOULD", "PASS", ["two"]],
  ]);
  expect(selfTest).toMatchObject({ canaries: [{ found: 1, runs: 1 }], repeated: 5, same: 5 });
  expect(counts).toEqual({ PASS: 6 });
});

test.each([
  ["fails", "FAIL", "NOT QUALIFIED"],
  ["is undecided", "UNKNOWN", "INCOMPLETE"],
  ["was not started", "SKIPPED", "INCOMPLETE"],
  ["fails in the harness", "ERROR", "INCOMPLETE"],
] as const)("one run of a requirement that must be fulfilled %s: %s is %s", (_what, verdict, expected) => {
  for (const world of ["sim", "containers"] as const) {
    const result = concludeOf(but("one", world, 1, { verdict, failures: [FAILURE] }));
    expect(result.verdict).toBe(expected);
    expect(result.reasons.join("\n")).toContain("one");
  }
});

test("a requirement that should be fulfilled is a condition, and so is a waiver", () => {
  const failing = but("two", "sim", 2, { verdict: "FAIL", failures: [FAILURE] });
  expect(concludeOf(failing)).toMatchObject({ verdict: "WITH CONDITIONS", conditions: ["BR-3: FAIL, because of two"] });
  const waivers = [{ requirement: "LS-5", reason: "known", by: "somebody" }];
  const waived = concludeOf(but("one", "sim", 1, { verdict: "FAIL" }), planOf({}, { waivers }));
  expect(waived).toMatchObject({
    verdict: "WITH CONDITIONS",
    conditions: ["LS-5 is waived by somebody: known"],
    requirements: [{ verdict: "WAIVED" }, { verdict: "PASS" }],
  });
  expect(concludeOf(records(), planOf({}, { waivers })).verdict).toBe("QUALIFIED");
});

test("only what made a verdict is named for it", () => {
  const runs = [...but("one", "sim", 1, { verdict: "FAIL" }), record("four", { verdict: "NOT_APPLICABLE" })];
  const scenarios = [...planOf().scenarios, scenario("four", ["LS-5"])];
  const seeds = { sim: [1], containers: [] };
  expect(concludeOf(runs, planOf({ scenarios, seeds })).reasons[0]).toBe("LS-5: FAIL, because of one");
});

test("what did not run is never a pass", () => {
  expect(concludeOf([]).verdict).toBe("INCOMPLETE");
  for (const gone of ["one", "canary"]) {
    const runs = records().filter(({ id, world }) => id !== gone || world !== "sim");
    expect(concludeOf(runs).verdict).toBe("INCOMPLETE");
  }
  const withoutOneSeed = records().filter(({ id, world, seed }) => id !== "one" || world !== "sim" || seed !== 2);
  expect(concludeOf(withoutOneSeed).reasons).toEqual(["LS-5: SKIPPED, because of one"]);
  const simulatedOnly = records().filter(({ world }) => world === "sim");
  expect(concludeOf(simulatedOnly).verdict).toBe("INCOMPLETE");
  expect(concludeOf(simulatedOnly, planOf({ seeds: { sim: [1, 2], containers: [] } })).reasons).toEqual([
    "nothing was run in the world of containers",
  ]);
});

test("a requirement that no scenario could exercise is an orphan, and incomplete if it must be fulfilled", () => {
  const target = { name: "toy", digest: "x", capabilities: ["split"] };
  const result = concludeOf(records(), planOf({ target }));
  expect(result.verdict).toBe("INCOMPLETE");
  expect(result.orphanRequirements).toEqual(["LS-5", "BR-3"]);
  expect(result.reasons).toContain("the target does not declare sync, which the profile is about");
  expect(result.conditions).toEqual(["BR-3 was not exercised"]);
});

test("a canary that is not found, or a run that comes to another history, makes it incomplete", () => {
  expect(concludeOf(but("canary", "sim", 1, { verdict: "FAIL" })).reasons).toEqual([
    "self-test: canary was found in 0 of 1 runs",
  ]);
  const failures = [{ ...FAILURE, rule: "determinism" as const }];
  const result = concludeOf(but("two", "sim", 1, { verdict: "FAIL", failures }));
  expect(result.verdict).toBe("INCOMPLETE");
  expect(result.selfTest).toMatchObject({ repeated: 5, same: 4 });
});

test("a run that tested nothing counts only if no other seed of it tells more", () => {
  const vacuous = but("one", "containers", 1, { verdict: "UNKNOWN", vacuous: true });
  expect(concludeOf(vacuous).verdict).toBe("INCOMPLETE");
  const again = record("one", { world: "containers", seed: 2 });
  const result = concludeOf([...vacuous, again]);
  expect(result.verdict).toBe("QUALIFIED");
  expect(result.counts).toEqual({ PASS: 6, UNKNOWN: 1 });
  expect(concludeOf([...vacuous, { ...again, verdict: "FAIL" }]).verdict).toBe("NOT QUALIFIED");
  // Undecided for another reason: nothing makes up for it.
  expect(concludeOf([...but("one", "containers", 1, { verdict: "UNKNOWN" }), again]).verdict).toBe("INCOMPLETE");
});

test("the order in which runs ended changes nothing", () => {
  const forth = but("one", "sim", 2, { verdict: "FAIL", failures: [FAILURE] });
  expect(concludeOf(forth.toReversed())).toEqual(concludeOf(forth));
});

test("measures: faults, invariants, times, statistics", () => {
  const { faults, invariants, objectives, statistics } = concludeOf(records());
  expect(faults).toEqual([
    { kind: "cut", world: "containers", scenarios: 2, injected: 4, effective: 2 },
    { kind: "cut", world: "sim", scenarios: 2, injected: 8, effective: 4 },
  ]);
  expect(invariants.find(({ invariant }) => invariant === "C")).toMatchObject({ checks: 18, runs: 6, broken: 0 });
  expect(invariants.find(({ invariant }) => invariant === "D")).toMatchObject({ checks: 0, runs: 0 });
  expect(
    objectives.map(({ world, measure, fault, count, p50, max }) => [world, measure, fault, count, p50, max]),
  ).toEqual([
    ["sim", "rto", "cut", 4, 7, 7],
    ["containers", "rto", "cut", 2, 7, 7],
  ]);
  expect(statistics).toMatchObject({ runs: 6, distinctHistories: 1, events: 60, failureShareBelow: 3 / 4 });
});

test("how long it holds", () => {
  expect(concludeOf(records()).validUntil).toBeUndefined();
  expect(concludeOf(records(), planOf({}, { validDays: 30 })).validUntil).toBe("2026-03-02");
});

test("what mirrors held at the end is told of the first run of each scenario and world; of records without it, nothing", () => {
  const held = (hash: string): Partial<RunRecord> => ({ contents: [{ pair: "pair", primary: hash, secondary: hash }] });
  const found = {
    records: [...records(), record("one", { seed: 5, ...held("5") }), record("one", { seed: 4, ...held("4") })],
    evidence: EVIDENCE,
  };
  expect(conclude(planOf(), PROFILE, found).contents).toEqual([
    { scenario: "one", world: "sim", seed: 4, pair: "pair", primary: "4", secondary: "4" },
  ]);
  expect(conclude(planOf(), PROFILE, { records: records(), evidence: EVIDENCE })).not.toHaveProperty("contents");
});

test("faults are counted by what the mirrors were like", () => {
  const faults = [
    { kind: "cut", on: "link", injected: 2, effective: 1, struck: { DUPLEX: [2, 1] as [number, number] } },
  ];
  const runs = [record("one", { faults }), record("one", { seed: 2, faults })];
  const [row] = conclude(planOf(), PROFILE, { records: runs, evidence: EVIDENCE }).faults;
  expect(row).toMatchObject({ kind: "cut", injected: 4, effective: 2, struck: { DUPLEX: [4, 2] } });
});
