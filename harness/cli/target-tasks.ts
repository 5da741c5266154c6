import type { CommandLineParts } from "./command-line-parts.ts";
import { tokenOf } from "./replay-token.ts";
import type { RunTask } from "./run-task.ts";
import type { ScenarioEntry } from "./scenario-entry.ts";
import { manifestPath, targetOf } from "./target-files.ts";
import { traceNames } from "./trace-names.ts";

export interface TargetRunOptions {
  /** The name of a shipped target, or the path of a manifest. */
  readonly target: string;
  readonly seed: number;
}

/**
 * Runs of scenarios on an outside target, in the world of containers. One that needs what the target does not declare is
 * NOT_APPLICABLE.
 *
 * @param embed those whose plans are none of the shipped scenarios
 * @throws UsageError, TargetManifestError
 */
export async function targetTasks(
  parts: Pick<CommandLineParts, "targetFolder">,
  entries: readonly ScenarioEntry[],
  { target, seed }: TargetRunOptions,
  embed: ReadonlySet<string> = new Set(),
): Promise<readonly RunTask[]> {
  const { name, digest } = await targetOf(parts, target);
  const manifest = manifestPath(parts, target);
  return entries.map(({ id, name: title, requirements, plan }): RunTask => {
    const own = embed.has(id);
    const replay = tokenOf({ id, seed, plan, embed: own, engineDigest: digest, target });
    const head = { id, name: title, requirements, seed, world: "containers", repeat: false, replay } as const;
    const heavy = traceNames(plan).length > 0;
    return { ...head, heavy, target: { name, manifest }, ...(own ? { plan } : {}) };
  });
}
