import { expect, test } from "vitest";
import { loadAll, scenarioFiles } from "../harness/cli/scenario-files.ts";
import { randomPlan } from "../harness/hunt/generate.ts";
import { type Plan, parsePlan } from "../harness/plan/plan.ts";
import { recordRun } from "../harness/replay/record-run.ts";
import { runPlan } from "../harness/run/run-plan.ts";
import { resilverTarget } from "../harness/target/resilver-target.ts";
import { hostPump } from "../harness/world/sim/host-pump.ts";

const RANDOM_PLANS = 24;
const target = resilverTarget("test");
const pump = hostPump();
const wallNowMs = (): number => 0;

async function hashesOf(plan: Plan, seed: number): Promise<readonly [run: string, recorded: string]> {
  const { record } = await runPlan(plan, { id: "test", seed, target, pump, replay: "", repeat: false });
  return [record.historyHash, (await recordRun(plan, { id: "test", seed, target, pump, wallNowMs })).historyHash];
}

test("who looks at a run changes nothing of it: small scenarios", async () => {
  const entries = await loadAll(scenarioFiles(new URL("../scenarios/", import.meta.url)));
  const small = entries.filter(({ id }) => /^(?:smallest\/(?!restore-files)|detection\/)/u.test(id));
  expect(small.length).toBeGreaterThan(10);
  for (const { id, plan } of small) {
    const [run, recorded] = await hashesOf(parsePlan(plan), 1);
    expect.soft(recorded, id).toBe(run);
  }
});

test("nor of random plans", async () => {
  for (let seed = 0; seed < RANDOM_PLANS; seed++) {
    const [run, recorded] = await hashesOf(randomPlan(seed), seed);
    expect.soft(recorded, `seed ${seed}`).toBe(run);
  }
});
