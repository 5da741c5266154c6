import { type RunTask, type RunTaskFunction, unfinishedRecord } from "./run-task.ts";
import type { ScenarioCatalogue } from "./scenario-entry.ts";

export interface SimTaskRunnerParts {
  readonly scenarios: ScenarioCatalogue;
  /** The engine's sources, with a slash at the end. */
  readonly engineFolder: URL;
}

/** Does tasks in the simulated world. */
export function simTaskRunner(_parts: SimTaskRunnerParts): RunTaskFunction {
  return async (task: RunTask) => unfinishedRecord(task, "SKIPPED", "the runner is not built yet");
}
