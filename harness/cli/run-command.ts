import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import type { RunRecord, Verdict } from "../history/run-record.ts";
import { mergeVerdicts } from "../history/verdict.ts";
import { plannedRun, startOf } from "./campaign-start.ts";
import type { CommandLineParts } from "./command-line-parts.ts";
import { engineDigest } from "./engine-digest.ts";
import { EXIT, exitCodeOf } from "./exit-code.ts";
import { OutDirectory } from "./out-directory.ts";
import { readPlanFile } from "./plan-file.ts";
import { tokenOf } from "./replay-token.ts";
import { targetTasks } from "./target-tasks.ts";
import { runRecorded } from "./run-recorded.ts";
import type { RunTask } from "./run-task.ts";
import type { ScenarioEntry } from "./scenario-entry.ts";
import { loadAll } from "./scenario-files.ts";
import { selectScenarios } from "./select-scenarios.ts";
import { tellJob } from "./tell-job.ts";
import { traceNames } from "./trace-names.ts";
import { withContainers } from "./with-containers.ts";
import { writeReports } from "./write-reports.ts";

export interface RunOptions {
  readonly seed: number;
  /** Where; simulated without. */
  readonly world?: RunRecord["world"];
  /** An outside target: the name of a shipped one, or the path of a manifest. Containers only. */
  readonly target?: string;
  readonly out: string;
  readonly json: boolean;
  readonly repeat: boolean;
  readonly workers: number | undefined;
  readonly timeoutMs: number;
}

/** More at a time would not end sooner, and recorded traces take memory in each. */
const WORKERS_DEFAULT_MAX = 8;

/**
 * Runs what `patterns` name: scenarios, and plan files, whose names end with `.json`.
 *
 * @returns the exit code
 * @throws UsageError
 */
export async function runCommand(
  parts: CommandLineParts,
  patterns: readonly string[],
  options: RunOptions,
): Promise<number> {
  const files = patterns.filter((pattern) => pattern.endsWith(".json"));
  const others = patterns.filter((pattern) => !pattern.endsWith(".json"));
  const distinct = new Map(files.map((path) => [resolve(path), path]));
  const plans = await Promise.all([...distinct.values()].map(readPlanFile));
  const shipped =
    others.length > 0 || files.length === 0 ? selectScenarios(await loadAll(parts.scenarios), others) : [];
  const digest = engineDigest(parts.engineFolder);
  const { seed, repeat, world = "sim", target } = options;
  const head = { seed, repeat, world };
  const plansById = new Map([...shipped, ...plans].map(({ id, plan }) => [id, plan]));
  const own = new Set(plans.map(({ id }) => id));
  if (target !== undefined) {
    const onTarget = await targetTasks(parts, [...shipped, ...plans], { target, seed }, own);
    return withContainers(() => runAndReport(parts, onTarget, { ...options, command: "run", workers: 1 }));
  }
  const tasks = [
    ...shipped.map((entry) => taskOf(entry, head, digest, false)),
    ...plans.map((entry) => taskOf(entry, head, digest, true)),
  ];
  if (world === "sim") return runAndReport(parts, tasks, { ...options, command: "run", plans: plansById });
  // Real systems take real time: one after the other, as what they measure must not depend on what else runs.
  return withContainers(() =>
    runAndReport(parts, tasks, { ...options, command: "run", workers: options.workers ?? 1 }),
  );
}

export function taskOf(
  entry: ScenarioEntry,
  head: Pick<RunTask, "seed" | "repeat" | "world">,
  digest: string,
  embed: boolean,
): RunTask {
  const { id, name, requirements, plan } = entry;
  const replay = tokenOf({ id, seed: head.seed, plan, embed, engineDigest: digest });
  const heavy = traceNames(plan).length > 0;
  return { id, name, requirements, ...head, heavy, replay, ...(embed ? { plan } : {}) };
}

/** Does `tasks`, writes `out/`, prints the table or the document. @returns the exit code */
export async function runAndReport(
  parts: CommandLineParts,
  tasks: readonly RunTask[],
  options: Omit<RunOptions, "seed" | "repeat"> & {
    /** That was given. */
    readonly command: string;
    /** By run: what it is made from, for whoever looks at the results. */
    readonly plans?: ReadonlyMap<string, unknown>;
  },
): Promise<number> {
  const { terminal, reports, interrupt } = parts;
  const startMs = performance.now();
  const out = new OutDirectory(options.out);
  out.start(startOf(parts, options.command, { kind: "runs", runs: tasks.map(plannedRun) }));
  for (const [id, plan] of options.plans ?? []) out.planOf(id, plan);

  const runs = await runRecorded(parts, tasks, out, {
    workerCount: options.workers ?? Math.min(availableParallelism(), WORKERS_DEFAULT_MAX),
    timeoutMs: options.timeoutMs,
  });
  const verdict = verdictOf(runs);
  const wallMs = performance.now() - startMs;
  const document = reports.resultDocument(runs, verdict, wallMs);
  const replayCommand = (token: string): string => `${parts.calledAs} replay ${token}`;
  out.index(document);
  const page = await writeReports(parts, out, runs, wallMs);
  tellJob(parts, reports.jobReport(runs, verdict, replayCommand));
  if (options.json) terminal.out(`${JSON.stringify(document, null, 2)}\n`);
  else {
    const { columns, colour } = terminal;
    terminal.out(reports.consoleReport(runs, { columns, colour, replayCommand, verdict, wallMs }));
    terminal.out(page === undefined ? `records in ${options.out}/\n` : `report: ${page}\n`);
  }
  return interrupt.aborted ? EXIT.interrupted : exitCodeOf(verdict);
}

function verdictOf(runs: readonly RunRecord[]): Verdict {
  return mergeVerdicts(runs.map(({ verdict }) => verdict));
}
