import type { CampaignStart, Planned, PlannedRun } from "./campaign-files.ts";
import type { CommandLineParts } from "./command-line-parts.ts";
import { engineDigest } from "./engine-digest.ts";
import { environmentOf } from "./environment.ts";
import type { RunTask } from "./run-task.ts";

/** What a campaign that begins now says of itself. */
export function startOf(
  { version, calledAs, engineFolder }: CommandLineParts,
  command: string,
  planned: Planned,
): CampaignStart {
  return {
    schemaVersion: 1,
    command,
    startedAt: new Date().toISOString(),
    version,
    engine: engineDigest(engineFolder),
    calledAs,
    environment: environmentOf(version),
    planned,
  };
}

export function plannedRun({ id, name, requirements, world, seed }: RunTask): PlannedRun {
  return { id, scenario: name, requirements: [...requirements], world, seed };
}
