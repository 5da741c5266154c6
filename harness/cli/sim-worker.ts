import { fileURLToPath } from "node:url";
import { workerData } from "node:worker_threads";
import type { RunRecord } from "../history/run-record.ts";
import { runSeed } from "../hunt/run-seed.ts";
import { runCase } from "../hunt/exhaust/run-case.ts";
import { shrinkFailure } from "../hunt/shrink-failure.ts";
import { type Plan, parsePlan } from "../plan/plan.ts";
import { runPlan } from "../run/run-plan.ts";
import { resilverTarget } from "../target/resilver-target.ts";
import { hostPump } from "../world/sim/host-pump.ts";
import { engineDigest } from "./engine-digest.ts";
import { PlanOutside } from "./plan-outside.ts";
import { scenarioFiles } from "./scenario-files.ts";
import { serveTasks } from "./serve-tasks.ts";
import { simTaskRunner } from "./sim-task-runner.ts";
import type { SimWorkerData } from "./sim-worker-module.ts";

const { scenarioFolder, engineFolder } = workerData as SimWorkerData;
const scenarios = new URL(scenarioFolder);

const target = resilverTarget(engineDigest(new URL(engineFolder)));
const traceFolder = fileURLToPath(new URL("./traces/", scenarios));
const outsides = new PlanOutside(traceFolder);
const parts = { target, pump: hostPump(), wallNowMs: () => performance.now() };
serveTasks({
  runTask: simTaskRunner({ scenarios: scenarioFiles(scenarios), traceFolder, target, outside: outsides }),
  runSeed: (key) => runSeed(key, parts),
  runCase: (base, request) =>
    outsides.with(parsePlan(base.plan), (outside) => runCase(base, request, { ...parts, ...outside })),
  shrink: ({ id, plan, seed, failure, msMax }) =>
    outsides.with(plan, (outside) => {
      const run = async (smaller: Plan): Promise<RunRecord> =>
        (await runPlan(smaller, { ...parts, ...outside, id, seed, replay: "", repeat: false })).record;
      return shrinkFailure(plan, failure, { run, wallNowMs: parts.wallNowMs, msMax });
    }),
});
