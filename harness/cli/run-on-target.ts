import type { RunRecord } from "../history/run-record.ts";
import type { CommandLineParts } from "./command-line-parts.ts";
import type { OutDirectory } from "./out-directory.ts";
import { tokenOf } from "./replay-token.ts";
import { runRecorded } from "./run-recorded.ts";
import type { RunTask } from "./run-task.ts";
import type { ScenarioEntry } from "./scenario-entry.ts";
import { manifestPath, targetOf } from "./target-files.ts";
import { traceNames } from "./trace-names.ts";
import { withContainers } from "./with-containers.ts";

export interface TargetRunOptions {
  /** The name of a shipped target, or the path of a manifest. */
  readonly target: string;
  readonly seed: number;
  readonly timeoutMs: number;
  /** Where each record goes as its run ends. */
  readonly out: OutDirectory;
}

/**
 * Runs scenarios on an outside target, in the world of containers, one after the other. One that needs what the target
 * does not declare is NOT_APPLICABLE.
 *
 * @returns one record a scenario, in their order
 * @throws UsageError, TargetManifestError
 */
export async function runOnTarget(
  parts: Pick<CommandLineParts, "worker" | "terminal" | "interrupt" | "targetFolder">,
  entries: readonly ScenarioEntry[],
  { target, seed, timeoutMs, out }: TargetRunOptions,
): Promise<readonly RunRecord[]> {
  const tasks = await targetTasks(parts, entries, { target, seed });
  return withContainers(() => runRecorded(parts, tasks, out, { workerCount: 1, timeoutMs }));
}

/** The runs of {@link runOnTarget}. @param embed those whose plans are none of the shipped scenarios */
export async function targetTasks(
  parts: Pick<CommandLineParts, "targetFolder">,
  entries: readonly ScenarioEntry[],
  { target, seed }: Pick<TargetRunOptions, "target" | "seed">,
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
