import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parsePlan } from "../plan/plan.ts";
import { runPlan } from "../run/run-plan.ts";
import { resilverTarget } from "../target/resilver-target.ts";
import { hostPump } from "../world/sim/host-pump.ts";
import { allSteps } from "./all-steps.fixture.ts";
import { ENGINE_STEPS } from "./engine-steps.ts";
import { randomPlan } from "./generate.ts";
import { SHAPES, SWARM_FAULTS, TASKS } from "./swarm.ts";

const SEEDS = 400;
const plans = Array.from({ length: SEEDS }, (_, seed) => randomPlan(seed));

test("a seed is one plan, and plain data that the schema accepts", () => {
  for (const [seed, plan] of plans.entries()) {
    expect(randomPlan(seed)).toEqual(plan);
    expect(parsePlan(JSON.parse(JSON.stringify(plan)))).toEqual(plan);
  }
});

test("half of the plans have 100 to 300 host writes, or about so many", () => {
  const writes = plans
    .map(({ steps }) =>
      [...allSteps(steps)].reduce((sum, step) => sum + (step.kind === "workload" ? step.writes : 0), 0),
    )
    .toSorted((a, b) => a - b);
  const median = writes[SEEDS / 2] ?? 0;
  expect(median).toBeGreaterThanOrEqual(100);
  expect(median).toBeLessThanOrEqual(300);
});

test("every shape, fault, command and kind of moment comes about", () => {
  const steps = plans.flatMap((plan) => [...allSteps(plan.steps)]);
  const faults = new Set(steps.flatMap((step) => (step.kind === "inject" ? [step.fault.kind] : [])));
  const blows = SWARM_FAULTS.map((fault) => (fault === "power" || fault === "kill" ? "crash" : fault));
  expect([...faults].toSorted()).toEqual([...new Set(blows)].toSorted());
  expect(new Set(plans.map(({ name }) => name.split(": ")[1]))).toEqual(new Set(SHAPES));
  const kinds = new Set<string>(steps.map(({ kind }) => kind));
  const others: Partial<Record<string, string>> = { "split-writable": "split", direction: "resync", swap: "recover" };
  for (const task of TASKS) expect(kinds).toContain(others[task] ?? task);
  const conditions = new Set(steps.flatMap((step) => (step.kind === "when" ? [step.condition.kind] : [])));
  for (const kind of ["engine-step", "disk-write", "sent", "written", "progress"]) expect(conditions).toContain(kind);
});

test("some pair is never deleted: there is always something to converge", () => {
  for (const { topology, steps } of plans) {
    const deleted = new Set([...allSteps(steps)].flatMap((step) => (step.kind === "delete" ? [step.pair] : [])));
    expect(topology.pairs.filter(({ name }) => !deleted.has(name)).length).toBeGreaterThan(0);
  }
});

test("the engine reports every step that faults wait for", () => {
  const engine = new URL("../../engine/", import.meta.url);
  const sources = readdirSync(engine, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".ts") && !path.endsWith(".test.ts"))
    .map((path) => readFileSync(new URL(path.replaceAll("\\", "/"), engine), "utf8"))
    .join("\n");
  for (const name of Object.values(ENGINE_STEPS).flat()) expect(sources).toContain(`"${name}"`);
});

test("the engine passes", { timeout: 120_000 }, async () => {
  const target = resilverTarget("");
  const verdicts: string[] = [];
  for (let seed = 0; seed < 40; seed++) {
    const plan = randomPlan(seed);
    const run = { id: plan.name, seed, target, pump: hostPump(), replay: "", repeat: false };
    const { record } = await runPlan(plan, run);
    expect(record.failures).toEqual([]);
    verdicts.push(record.verdict);
  }
  expect(verdicts).toContain("PASS");
});
