import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { scenarioFiles } from "../../harness/cli/scenario-files.ts";
import { simTaskRunner } from "../../harness/cli/sim-task-runner.ts";
import { runSeed } from "../../harness/hunt/run-seed.ts";
import { resilverTarget } from "../../harness/target/resilver-target.ts";
import { hostPump } from "../../harness/world/sim/host-pump.ts";

// What whole systems show under faults: tried on a mutant that the tests beside the code did not notice.

const PLANS = 24;
/** They take seconds. */
const TOO_LONG = /pause-of-1-gib|recorded-programs\//;

const folder = new URL("../../scenarios/", import.meta.url);
const scenarios = scenarioFiles(folder);
const target = resilverTarget("mutation");
const run = simTaskRunner({ scenarios, traceFolder: fileURLToPath(new URL("traces/", folder)), target });

test.each(scenarios.ids().filter((id) => !TOO_LONG.test(id)))("%s", async (id) => {
  const { name, requirements } = await scenarios.load(id);
  const record = await run({ id, name, requirements, seed: 1, replay: "", repeat: false, world: "sim", heavy: false });
  expect(record.verdict).toBe("PASS");
});

test.each(Array.from({ length: PLANS }, (_, index) => index + 1))("random plan %i", async (seed) => {
  const { verdict } = await runSeed({ seed, variant: 0 }, { target, pump: hostPump(), wallNowMs: () => 0 });
  expect(verdict).toBe("PASS");
});
