import type { CommandLineParts } from "./command-line-parts.ts";
import { engineDigest } from "./engine-digest.ts";
import { readToken } from "./replay-token.ts";
import { type RunOptions, runAndReport } from "./run-command.ts";
import { planHead } from "./scenario-files.ts";

/** Runs again what a token names. @returns the exit code @throws UsageError */
export async function replayCommand(
  parts: CommandLineParts,
  token: string,
  options: Omit<RunOptions, "seed">,
): Promise<number> {
  const { id, seed, plan, embed } = await readToken(token, engineDigest(parts.engineFolder), parts.scenarios);
  const head = planHead(plan) ?? { name: id, requirements: [] };
  const task = {
    id,
    ...head,
    seed,
    world: "sim" as const,
    repeat: options.repeat,
    heavy: false,
    replay: token,
    ...(embed ? { plan } : {}),
  };
  return runAndReport(parts, [task], options);
}
