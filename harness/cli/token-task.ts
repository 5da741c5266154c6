import type { CommandLineParts } from "./command-line-parts.ts";
import { engineDigest } from "./engine-digest.ts";
import { readToken } from "./replay-token.ts";
import type { RunTask } from "./run-task.ts";
import { planHead } from "./scenario-files.ts";

/** The run that a token names. @throws UsageError if it is malformed, or of another version, engine or scenario */
export async function taskOfToken(
  { engineFolder, scenarios }: Pick<CommandLineParts, "engineFolder" | "scenarios">,
  token: string,
  { repeat }: { readonly repeat: boolean },
): Promise<RunTask> {
  const { id, seed, plan, embed } = await readToken(token, engineDigest(engineFolder), scenarios);
  const head = planHead(plan) ?? { name: id, requirements: [] };
  return { id, ...head, seed, world: "sim", repeat, heavy: false, replay: token, ...(embed ? { plan } : {}) };
}
