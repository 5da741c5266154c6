import fc from "fast-check";
import { expect, test } from "vitest";
import { runPlan } from "../run/run-plan.ts";
import { resilverTarget } from "../target/resilver-target.ts";
import { hostPump } from "../world/sim/host-pump.ts";
import { randomPlans } from "./random-plan.ts";
import { KINDS } from "./random-words.ts";

/** The same plans in every run; a failure prints its path among them, and the smallest plan found. */
const SEED = 20_261_121;
const RUNS = 25;

test.each(KINDS)(`%s: random commands under load and faults, against the model (seed ${SEED})`, async (kind) => {
  let judged = 0;
  await fc.assert(
    fc.asyncProperty(randomPlans(kind), fc.nat({ max: 0xffff_ffff }), async (plan, seed) => {
      const target = resilverTarget("");
      const { record } = await runPlan(plan, {
        id: plan.name,
        seed,
        target,
        pump: hostPump(),
        replay: "",
        repeat: false,
      });
      expect(record.failures).toEqual([]);
      if (record.verdict === "PASS") judged++;
    }),
    { seed: SEED, numRuns: RUNS, endOnFailure: true },
  );
  expect(judged).toBeGreaterThan(RUNS / 2);
});
