import { fileURLToPath } from "node:url";
import { workerData } from "node:worker_threads";
import { runSeed } from "../hunt/run-seed.ts";
import { shrinkSeed } from "../hunt/shrink-seed.ts";
import { resilverTarget } from "../target/resilver-target.ts";
import { hostPump } from "../world/sim/host-pump.ts";
import { compileEarly } from "./compile-early.ts";
import { engineDigest } from "./engine-digest.ts";
import { scenarioFiles } from "./scenario-files.ts";
import { serveTasks } from "./serve-tasks.ts";
import { simTaskRunner } from "./sim-task-runner.ts";
import type { SimWorkerData } from "./sim-worker-module.ts";

const { scenarioFolder, engineFolder } = workerData as SimWorkerData;
const scenarios = new URL(scenarioFolder);

compileEarly();
const target = resilverTarget(engineDigest(new URL(engineFolder)));
const seeds = { target, pump: hostPump(), wallNowMs: () => performance.now() };
serveTasks({
  runTask: simTaskRunner({
    scenarios: scenarioFiles(scenarios),
    traceFolder: fileURLToPath(new URL("./traces/", scenarios)),
    target,
  }),
  runSeed: (key) => runSeed(key, seeds),
  shrinkSeed: ({ key, failure, msMax }) => shrinkSeed(key, failure, { ...seeds, msMax }),
});
