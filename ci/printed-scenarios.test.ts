import fc from "fast-check";
import { expect, test } from "vitest";
import { loadAll, scenarioFiles } from "../harness/cli/scenario-files.ts";
import { randomPlans } from "../harness/hunt/random-plan.ts";
import { KINDS } from "../harness/hunt/random-words.ts";
import { parsePlan } from "../harness/plan/index.ts";
import { printScenario } from "../harness/plan/print/print-scenario.ts";
import { PLAN_WORDS, reader } from "../harness/plan/print/read-back.node.ts";

const from = PLAN_WORDS;
const readBack = reader();

test("every scenario there is reads as one that somebody wrote, and gives the same plan", async () => {
  const entries = await loadAll(scenarioFiles(new URL("../scenarios/", import.meta.url)));
  expect(entries.length).toBeGreaterThan(100);
  for (const { id, plan } of entries) {
    const text = printScenario(parsePlan(plan), { from });
    expect.soft(await readBack(text), id).toEqual(plan);
    expect.soft(text.match(/.*kind: .*/u)?.[0], id).toBeUndefined();
  }
});

test("so does every random plan", async () => {
  const plans = fc.sample(
    fc.constantFrom(...KINDS).chain((kind) => randomPlans(kind)),
    { seed: 20_261_122, numRuns: 100 },
  );
  for (const plan of plans) {
    const text = printScenario(plan, { from });
    expect(await readBack(text)).toEqual(plan);
    expect(text).not.toContain("kind: ");
  }
});
