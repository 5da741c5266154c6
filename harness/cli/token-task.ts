import type { CommandLineParts } from "./command-line-parts.ts";
import { engineDigest } from "./engine-digest.ts";
import { readToken } from "./replay-token.ts";
import { targetTasks } from "./target-tasks.ts";
import type { RunTask } from "./run-task.ts";
import { planHead } from "./scenario-files.ts";
import { targetOf } from "./target-files.ts";

/**
 * The run that a token names.
 *
 * @throws UsageError if it is malformed, or of another version, engine or scenario; TargetManifestError
 */
export async function taskOfToken(
  parts: Pick<CommandLineParts, "engineFolder" | "scenarios" | "targetFolder">,
  token: string,
  { repeat }: { readonly repeat: boolean },
): Promise<RunTask> {
  const digestOf = async (target: string | undefined): Promise<string> =>
    target === undefined ? engineDigest(parts.engineFolder) : (await targetOf(parts, target)).digest;
  const { id, seed, plan, embed, target } = await readToken(token, digestOf, parts.scenarios);
  const head = planHead(plan) ?? { name: id, requirements: [] };
  if (target === undefined)
    return { id, ...head, seed, world: "sim", repeat, heavy: false, replay: token, ...(embed ? { plan } : {}) };
  const [task] = await targetTasks(parts, [{ id, ...head, plan }], { target, seed }, new Set(embed ? [id] : []));
  if (task === undefined) throw new Error("one scenario gives one task");
  return task;
}
