import type { CommandLineParts } from "./command-line-parts.ts";
import { type RunOptions, runAndReport } from "./run-command.ts";
import { taskOfToken } from "./token-task.ts";
import { withContainers } from "./with-containers.ts";

/** Runs again what a token names. @returns the exit code @throws UsageError */
export async function replayCommand(
  parts: CommandLineParts,
  token: string,
  options: Omit<RunOptions, "seed">,
): Promise<number> {
  const task = await taskOfToken(parts, token, options);
  const run = (): Promise<number> => runAndReport(parts, [task], { ...options, command: "replay" });
  return task.world === "sim" ? run() : withContainers(run);
}
