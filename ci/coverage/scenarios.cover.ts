import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { scenarioFiles } from "../../harness/cli/scenario-files.ts";
import { simTaskRunner } from "../../harness/cli/sim-task-runner.ts";
import { resilverTarget } from "../../harness/target/resilver-target.ts";

const folder = new URL("../../scenarios/", import.meta.url);
const scenarios = scenarioFiles(folder);
const run = simTaskRunner({
  scenarios,
  traceFolder: fileURLToPath(new URL("traces/", folder)),
  target: resilverTarget("coverage"),
});

// Only for what they reach: that they pass is shown by `npm start`, twice and compared.
test.each(scenarios.ids())("%s", async (id) => {
  const { name, requirements } = await scenarios.load(id);
  const record = await run({ id, name, requirements, seed: 1, replay: "", repeat: false, world: "sim", heavy: false });
  expect(record.verdict).toBe("PASS");
});
