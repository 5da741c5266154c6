import type { CommandLineParts } from "./command-line-parts.ts";
import { type RunOptions, runAndReport } from "./run-command.ts";
import { taskOfToken } from "./token-task.ts";

/** Runs again what a token names. @returns the exit code @throws UsageError */
export async function replayCommand(
  parts: CommandLineParts,
  token: string,
  options: Omit<RunOptions, "seed">,
): Promise<number> {
  return runAndReport(parts, [await taskOfToken(parts, token, options)], options);
}
