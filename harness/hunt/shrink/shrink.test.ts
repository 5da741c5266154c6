import fc from "fast-check";
import { expect, test } from "vitest";
import {
  after,
  backup,
  cascade,
  converged,
  crash,
  create,
  cut,
  heal,
  KiB,
  lostWrite,
  mirror,
  ms,
  type Plan,
  parsePlan,
  restart,
  resync,
  scenario,
  split,
  status,
  together,
  wait,
  when,
  withJournals,
  workload,
  written,
} from "../../plan/index.ts";
import { runPlan } from "../../run/run-plan.ts";
import { resilverTarget } from "../../target/resilver-target.ts";
import { hostPump } from "../../world/sim/host-pump.ts";
import { randomPlans } from "../random-plan.ts";
import { KINDS } from "../random-words.ts";
import { planSize } from "./plan-size.ts";
import { failsAs, isLiveness } from "./same-failure.ts";
import { shrink } from "./shrink.ts";
import { leaves } from "./steps.ts";

const forever = { isOver: () => false, runsMax: 10_000, isLiveness: false };

const backedUp = scenario({
  name: "a backup, and a secondary that dies",
  requirements: ["BR-6"],
  topology: withJournals(cascade({ sizeBytes: KiB(256), mode: "async", latencyUs: 900 }), ["pvol"]),
  steps: [
    create("pair"),
    create("gen1"),
    wait(status("gen1", "DUPLEX")),
    together(
      workload("pvol", { writes: 100, flushEvery: 7, trim: 0.2 }),
      when(written("pvol", 40), cut("link"), after(ms(40), heal("link"))),
      after(ms(30), crash("b", "power"), after(ms(20), restart("b"))),
    ),
    backup({ mirrors: ["gen1"] }),
    split("pair"),
    resync("pair"),
  ],
  expect: [converged()],
});

function kinds(plan: Plan): string[] {
  return [...leaves(plan.steps)].map((step) => (step.kind === "inject" ? step.fault.kind : step.kind));
}

test("what the failure does not need is left out, with the names that only it used", async () => {
  const fails = async (plan: Plan): Promise<boolean> =>
    kinds(plan).includes("crash") && kinds(plan).includes("workload");
  const { plan, isSmallest } = await shrink(backedUp, { ...forever, fails });
  expect(isSmallest).toBe(true);
  expect(plan.steps).toEqual([
    { kind: "workload", volume: "pvol", writes: 1 },
    { kind: "inject", fault: { kind: "crash", system: "b", how: "power" } },
  ]);
  expect(plan.topology).toEqual({
    systems: [
      { name: "a", volumes: [{ name: "pvol", sizeBytes: 512, trackBytes: 8192 }] },
      { name: "b", volumes: [] },
    ],
    links: [],
    pairs: [],
    latencyUs: 200,
  });
  expect([plan.expect, plan.requirements]).toEqual([[], []]);
});

test("a condition that the failure needs stays, with the smallest number that does", async () => {
  const text = (plan: Plan): string => JSON.stringify(plan.steps);
  const fails = async (plan: Plan): Promise<boolean> =>
    [...text(plan).matchAll(/"nth":(\d+)/gu)].some(([, nth]) => Number(nth) >= 13) && text(plan).includes('"cut"');
  const { plan } = await shrink(backedUp, { ...forever, fails });
  expect(plan.steps).toEqual([
    {
      kind: "when",
      condition: { kind: "written", volume: "pvol", nth: 13, moment: "acknowledged" },
      steps: [{ kind: "inject", fault: { kind: "cut", link: "link" } }],
      withinMs: 10_000,
    },
  ]);
});

test("what never comes to rest is looked for where all is healed, started, and brought together", async () => {
  const fails = async (plan: Plan): Promise<boolean> => kinds(plan).includes("cut") || kinds(plan).includes("split");
  const cutOnly = await shrink(parsePlan({ ...backedUp, steps: backedUp.steps.slice(0, 4) }), {
    ...forever,
    fails,
    isLiveness: true,
  });
  expect(kinds(cutOnly.plan)).toEqual(["cut", "heal"]);
  const last = await shrink(backedUp, {
    ...forever,
    fails: async (plan) => kinds(plan).includes("split"),
    isLiveness: true,
  });
  expect(kinds(last.plan)).toEqual(["split", "resync"]);
});

test("whatever is asked, the result is a plan that fails, found in the same way again (HX-7)", async () => {
  const words = ["cut", "crash", "split", "workload", "eio", "mark", "resync", "backup"];
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...KINDS).chain((kind) => randomPlans(kind)),
      fc.subarray(words, { minLength: 1, maxLength: 3 }),
      fc.integer({ min: 1, max: 400 }),
      fc.boolean(),
      async (plan, needed, runsMax, liveness) => {
        const asked: string[] = [];
        const fails = async (candidate: Plan): Promise<boolean> => {
          asked.push(JSON.stringify(candidate));
          return needed.every((word) => kinds(candidate).includes(word));
        };
        if (!(await fails(plan))) return;
        asked.length = 0;
        const options = { fails, runsMax, isOver: () => false, isLiveness: liveness };
        const first = await shrink(plan, options);
        const asks = [...asked];
        asked.length = 0;
        expect(await shrink(plan, options)).toEqual(first);
        expect(asked).toEqual(asks);
        expect(new Set(asks).size).toBe(asks.length);
        expect([first.runs, asks.length <= runsMax]).toEqual([asks.length, true]);
        expect(await fails(parsePlan(JSON.parse(JSON.stringify(first.plan))))).toBe(true);
      },
    ),
    { seed: 20_261_122, numRuns: 60 },
  );
});

test("it stops where it is told to, with what it has", async () => {
  let runs = 0;
  const options = { ...forever, fails: async () => true, isOver: () => runs++ >= 1 };
  const { plan, isSmallest } = await shrink(backedUp, options);
  expect([isSmallest, planSize(plan).steps < planSize(backedUp).steps]).toEqual([false, true]);
});

test("a write that a disk lost is found again in a plan of a few steps", async () => {
  const seed = 7;
  const run = async (plan: Plan) =>
    (await runPlan(plan, { id: "x", seed, target: resilverTarget(""), pump: hostPump(), replay: "", repeat: false }))
      .record;
  const planted = scenario({
    name: "a disk loses writes, and then much else happens",
    requirements: [],
    topology: withJournals(mirror({ sizeBytes: KiB(256), mode: "async", latencyUs: 900 }), ["pvol"]),
    steps: [
      create("pair"),
      lostWrite("svol", { nth: 3 }),
      wait(status("pair", "DUPLEX")),
      together(
        workload("pvol", { writes: 100, flushEvery: 7, trim: 0.2 }),
        when(written("pvol", 40), cut("link"), after(ms(40), heal("link"))),
        after(ms(30), split("pair"), after(ms(20), resync("pair"))),
      ),
      crash("a", "power"),
      restart("a"),
    ],
    expect: [converged()],
    mayRefuse: true,
  });
  const failure = (await run(planted)).failures[0];
  if (failure === undefined) throw new Error("the plan does not fail");
  const { plan, isSmallest } = await shrink(planted, {
    ...forever,
    isLiveness: isLiveness(failure),
    fails: async (candidate) => failsAs(await run(candidate), failure),
  });
  expect(isSmallest).toBe(true);
  expect(kinds(plan)).toEqual(["create", "lost-write", "workload"]);
  expect(planSize(plan)).toEqual({ steps: 3, faults: 1, volumes: 2 });
});

test("a mirror that is never tracked any more is no smaller one", async () => {
  const topology = mirror({ sizeBytes: KiB(64), mode: "sync" });
  const plan = scenario({ name: "x", requirements: [], topology, steps: [create("pair")], expect: [] });
  expect((await shrink(plan, { ...forever, fails: async () => false })).plan).toBe(plan);
});
