import { availableParallelism } from "node:os";
import { join } from "node:path";
import type { RunRecord, Verdict } from "../history/run-record.ts";
import { mergeVerdicts } from "../history/verdict.ts";
import { type Blow, describePoint, planAt, planWithoutBlow } from "../hunt/crash-point.ts";
import { crashPoints } from "../hunt/crash-points.ts";
import { outcomeAt, tally } from "../hunt/tally.ts";
import { parsePlan } from "../plan/plan.ts";
import type { CommandLineParts } from "./command-line-parts.ts";
import { engineDigest } from "./engine-digest.ts";
import { EXIT, exitCodeOf } from "./exit-code.ts";
import { type ExhaustDocument, exhaustText, type FailedPoint } from "./exhaust-report.ts";
import { OutDirectory } from "./out-directory.ts";
import { readPlanFile } from "./plan-file.ts";
import { tokenOf } from "./replay-token.ts";
import type { RunTask } from "./run-task.ts";
import type { ScenarioEntry } from "./scenario-entry.ts";
import { loadAll } from "./scenario-files.ts";
import { selectScenarios } from "./select-scenarios.ts";
import { quoted, UsageError } from "./usage-error.ts";
import { runTasks } from "./worker-pool.ts";

export interface ExhaustOptions {
  readonly seed: number;
  readonly out: string;
  readonly json: boolean;
  readonly workers: number | undefined;
  readonly timeoutMs: number;
  readonly stride: number;
  readonly blows: readonly Blow[];
}

/** Above so many, every so many is taken; the report says so. */
const POINTS_MAX = 20_000;
const WORKERS_DEFAULT_MAX = 8;
/** The points of one run lie in it; a little longer, and one that is not reached is given up. */
const REACHED_WITHIN_MS = 1_000;
/** A line of progress after so many runs. */
const PROGRESS_RUNS = 100;

/**
 * Runs a scenario once for every write that its programs issue to a disk and every frame that they send, with a crash
 * or a cut at that moment.
 *
 * @returns the exit code
 * @throws UsageError
 */
export async function exhaustCommand(
  parts: CommandLineParts,
  pattern: string,
  options: ExhaustOptions,
): Promise<number> {
  const { terminal, interrupt } = parts;
  const { seed } = options;
  const startMs = performance.now();
  const entry = await onlyScenario(parts, pattern);
  const plan = parsePlan(entry.plan);
  const out = new OutDirectory(options.out);
  const digest = engineDigest(parts.engineFolder);
  const taskOf = (id: string, of: unknown): RunTask => {
    const { name, requirements } = entry;
    const replay = tokenOf({ id, seed, plan: of, embed: true, engineDigest: digest });
    return { id, name, requirements, seed, world: "sim", repeat: false, heavy: false, plan: of, replay };
  };
  let doneCount = 0;
  const run = (tasks: readonly RunTask[]): Promise<RunRecord[]> =>
    runTasks(tasks, {
      worker: parts.worker,
      workerCount: options.workers ?? Math.min(availableParallelism(), WORKERS_DEFAULT_MAX),
      taskMsMax: options.timeoutMs,
      signal: interrupt,
      onStart: () => {},
      onRecord: () => {
        if (++doneCount % PROGRESS_RUNS === 0) terminal.err(`${doneCount} of ${tasks.length} points\n`);
      },
    });

  const [base] = await run([{ ...taskOf(entry.id, planWithoutBlow(plan)), census: true }]);
  if (base === undefined) throw new Error("a task without a record");
  const { points, total, stride } = crashPoints(base.census ?? { disks: [], links: [] }, options.blows, {
    stride: options.stride,
    pointsMax: POINTS_MAX,
  });
  const withinMs = Math.ceil(base.virtualMs) + REACHED_WITHIN_MS;
  const plans = points.map((point) => planAt(plan, point, withinMs));
  doneCount = 0;
  const records =
    base.verdict === "PASS" ? await run(plans.map((of, index) => taskOf(`${entry.id}/point-${index + 1}`, of))) : [];

  const tried = points.slice(0, records.length);
  const outcomes = tried.map((point, index) => outcomeAt(point, records[index] ?? base, base));
  const failures: FailedPoint[] = tried.flatMap((point, index) => {
    const record = records[index];
    const outcome = outcomes[index];
    if (record === undefined || outcome === undefined || outcome.verdict === "PASS") return [];
    const file = out.plan(`point-${index + 1}`, plans[index]);
    out.record(record);
    const replay = `${parts.calledAs} run ${join(options.out, file)} --seed ${seed}`;
    return [{ point: describePoint(point), isReached: outcome.isReached, replay, record }];
  });
  if (base.verdict !== "PASS") {
    const file = out.plan("no-crash", planWithoutBlow(plan));
    const replay = `${parts.calledAs} run ${join(options.out, file)} --seed ${seed}`;
    failures.push({ point: "no crash at all", isReached: true, replay, record: base });
  }
  const verdict: Verdict = mergeVerdicts((tried.length === 0 ? [base] : outcomes).map((one) => one.verdict));
  const document: ExhaustDocument = {
    schemaVersion: 1,
    scenario: entry.id,
    seed,
    // Nothing tried is never a pass.
    verdict: tried.length === 0 && verdict === "PASS" ? "UNKNOWN" : verdict,
    total,
    stride,
    rows: tally(tried, records, outcomes),
    failures,
    wallMs: Math.round(performance.now() - startMs),
  };
  out.index({ ...document, runs: failures.map(({ record }) => record) });
  terminal.out(options.json ? `${JSON.stringify(document, null, 2)}\n` : exhaustText(document));
  return interrupt.aborted ? EXIT.interrupted : exitCodeOf(document.verdict);
}

/** @throws UsageError if the pattern means several, or none */
async function onlyScenario(parts: CommandLineParts, pattern: string): Promise<ScenarioEntry> {
  if (pattern.endsWith(".json")) return readPlanFile(pattern);
  const meant = selectScenarios(await loadAll(parts.scenarios), [pattern]);
  const [only] = meant;
  if (only !== undefined && meant.length === 1) return only;
  throw new UsageError({
    place: "scenario",
    found: `${quoted(pattern)}, which means ${meant.length}`,
    expected: "one scenario",
    remedy: `name one of ${meant
      .slice(0, 5)
      .map(({ id }) => id)
      .join(", ")}${meant.length > 5 ? ", …" : ""}`,
  });
}
