import type { Dossier, PlannedScenario, QualificationPlan } from "../history/qualification.ts";
import type { RunRecord } from "../history/run-record.ts";
import { mirror } from "../plan/mirror.ts";
import type { Profile } from "./profiles.ts";

/** Two requirements, three scenarios, one of which needs more than the target has. */
export const PROFILE: Profile = {
  name: "sync-mirror",
  title: "A mirror",
  requires: ["sync"],
  without: [],
  levels: { "LS-5": "MUST", "BR-3": "SHOULD" },
};

export function scenario(
  id: string,
  requirements: readonly string[],
  needs: readonly string[] = ["sync"],
): PlannedScenario {
  return { id, name: `about ${id}`, requirements, needs, topology: ["a/pvol to b/svol"] };
}

export const SCENARIOS = [
  scenario("one", ["LS-5"]),
  scenario("two", ["BR-3"]),
  scenario("three", ["LS-5"], ["sync", "split"]),
];
export const CANARY = scenario("canary", ["HX-5"]);

export function planOf(fields: Partial<QualificationPlan> = {}, dossier: Partial<Dossier> = {}): QualificationPlan {
  return {
    schemaVersion: 1,
    createdAt: "2026-01-31T12:00:00.000Z",
    suite: { version: "1.2.3", harness: "ab".repeat(32), engine: "cd".repeat(32) },
    target: { name: "toy", digest: "cd".repeat(32), capabilities: ["sync"] },
    profile: PROFILE.name,
    seeds: { sim: [1, 2], containers: [1] },
    scenarios: SCENARIOS,
    canaries: [CANARY],
    environment: [["system", "toy"]],
    dossier: { vendor: "vendor", product: "product", version: "1", ...dossier },
    ...fields,
  };
}

export function record(id: string, fields: Partial<RunRecord> = {}): RunRecord {
  return {
    scenario: `about ${id}`,
    id,
    requirements: [...SCENARIOS, CANARY].find((one) => one.id === id)?.requirements ?? [],
    world: "sim",
    seed: 1,
    verdict: "PASS",
    historyHash: "0123456789abcdef",
    events: 10,
    virtualMs: 5,
    wallMs: 2,
    faults: [{ kind: "cut", on: "link", injected: 2, effective: 1 }],
    invariants: { C: "PASS" },
    checks: { C: 3 },
    failures: [],
    oracles: [],
    vacuous: false,
    recovery: {
      hostRequests: 1,
      hostRequestsDone: 1,
      hostOutagesMs: [7],
      apartMs: [],
      resyncsMs: [],
      samples: [{ measure: "rto", fault: "cut", ms: 7 }],
    },
    replay: "token",
    ...fields,
  };
}

/** Every run of {@link planOf}, all of them PASS. */
export function records(): RunRecord[] {
  return [
    ...["one", "two"].flatMap((id) => [
      record(id, { seed: 1 }),
      record(id, { seed: 2 }),
      record(id, { world: "containers" }),
    ]),
    record("canary"),
  ];
}

/** A plan of each scenario. */
export function plansOf({ scenarios, canaries }: QualificationPlan): Map<string, unknown> {
  const plan = {
    schemaVersion: 1,
    topology: mirror({ mode: "sync" }),
    steps: [{ kind: "flush", volume: "pvol" }],
    expect: [],
  };
  return new Map(
    [...scenarios, ...canaries].map(({ id, name, requirements }) => [id, { ...plan, name, requirements }]),
  );
}
