import { fileURLToPath } from "node:url";
import { workerData } from "node:worker_threads";
import { resilverTarget } from "../target/resilver-target.ts";
import { compileEarly } from "./compile-early.ts";
import { engineDigest } from "./engine-digest.ts";
import { scenarioFiles } from "./scenario-files.ts";
import { serveTasks } from "./serve-tasks.ts";
import { simTaskRunner } from "./sim-task-runner.ts";
import type { SimWorkerData } from "./sim-worker-module.ts";

const { scenarioFolder, engineFolder } = workerData as SimWorkerData;
const scenarios = new URL(scenarioFolder);

compileEarly();
serveTasks(
  simTaskRunner({
    scenarios: scenarioFiles(scenarios),
    traceFolder: fileURLToPath(new URL("./traces/", scenarios)),
    target: resilverTarget(engineDigest(new URL(engineFolder))),
  }),
);
