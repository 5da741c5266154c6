import { workerData } from "node:worker_threads";
import { scenarioFiles } from "./scenario-files.ts";
import { serveTasks } from "./serve-tasks.ts";
import { simTaskRunner } from "./sim-task-runner.ts";
import type { SimWorkerData } from "./sim-worker-module.ts";

const { scenarioFolder, engineFolder } = workerData as SimWorkerData;

serveTasks(simTaskRunner({ scenarios: scenarioFiles(new URL(scenarioFolder)), engineFolder: new URL(engineFolder) }));
