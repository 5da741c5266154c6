import type { RunRecord } from "../harness/history/run-record.ts";

/** Jenkins takes what is before the last dot as the package, the rest as the class. */
export function className(run: RunRecord): string {
  return `${whereOf(run)}.${run.id.replaceAll("/", ".")}`;
}

/** Runs of one scenario on several targets are different tests. */
export function whereOf({ world, target }: RunRecord): string {
  return target === undefined ? world : `${world}.${target}`;
}

/**
 * A name for each run, of which none is twice in one class: GitLab drops duplicates. Seeds come into a name only where needed: a
 * name must stay the same from run to run to have a history.
 */
export function uniqueNames(runs: readonly RunRecord[]): Map<RunRecord, string> {
  const counts = new Map<string, number>();
  for (const run of runs) {
    const key = `${className(run)}\n${run.scenario}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  const names = new Map<RunRecord, string>();
  const taken = new Set<string>();
  for (const run of runs) {
    const prefix = `${className(run)}\n`;
    const seeded = (counts.get(prefix + run.scenario) ?? 0) > 1;
    const base = seeded ? `${run.scenario} (seed ${run.seed})` : run.scenario;
    let name = base;
    for (let number = 2; taken.has(prefix + name); number++) name = `${base} #${number}`;
    taken.add(prefix + name);
    names.set(run, name);
  }
  return names;
}
