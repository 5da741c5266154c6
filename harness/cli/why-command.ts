import { availableParallelism } from "node:os";
import type { RunRecord } from "../history/run-record.ts";
import { findCause, decided } from "../hunt/causality.ts";
import { failsAs } from "../hunt/shrink/same-failure.ts";
import type { CommandLineParts } from "./command-line-parts.ts";
import { EXIT } from "./exit-code.ts";
import type { RunTask } from "./run-task.ts";
import { taskOfToken } from "./token-task.ts";
import { UsageError } from "./usage-error.ts";
import { whyDocument, whyText } from "./why-report.ts";
import { runTasks } from "./worker-pool.ts";

export interface WhyOptions {
  readonly json: boolean;
  readonly workers: number | undefined;
  readonly timeoutMs: number;
  /** Runs a moment. */
  readonly runs: number;
}

const WORKERS_DEFAULT_MAX = 8;

/**
 * Where the failure of a run became inevitable (rule 12): makes the same choices up to a moment and others after it, at
 * many moments.
 *
 * @returns the exit code: 0 if it was found out, whatever it is
 * @throws UsageError if the token is none, or names a run that does not fail, or one in containers
 */
export async function whyCommand(parts: CommandLineParts, token: string, options: WhyOptions): Promise<number> {
  const { terminal, interrupt } = parts;
  const startMs = performance.now();
  const task = await taskOfToken(parts, token, { repeat: false });
  if (task.world !== "sim")
    throw new UsageError({
      place: "replay token",
      found: "a run in containers, in which no choice can be made again",
      expected: "one in the simulated world",
    });
  const { id, seed } = task;
  const run = (tasks: readonly RunTask[]): Promise<RunRecord[]> =>
    runTasks(tasks, {
      worker: parts.worker,
      workerCount: options.workers ?? Math.min(availableParallelism(), WORKERS_DEFAULT_MAX),
      taskMsMax: options.timeoutMs,
      signal: interrupt,
      onStart: () => {},
      onRecord: () => {},
    });
  const [first] = await run([task]);
  const failure = first?.failures[0];
  if (first === undefined || failure === undefined || first.verdict === "UNKNOWN")
    throw new UsageError({
      place: "replay token",
      found: `a run that ends as ${first?.verdict ?? "nothing"}`,
      expected: "one that fails",
    });
  const points = await findCause({
    failedNs: failure.timeNs,
    runsPerPoint: options.runs,
    sample: async (times, runs) => {
      terminal.err(`${times.length} moments, ${runs} runs each\n`);
      const all = times.flatMap((atNs) =>
        Array.from({ length: runs }, (_run, index): RunTask => ({ ...task, reseed: { atNs, salt: `why/${index}` } })),
      );
      const records = await run(all);
      return times.map(
        (_atNs, at) => records.slice(at * runs, (at + 1) * runs).filter((one) => failsAs(one, failure)).length,
      );
    },
  });
  if (interrupt.aborted) return EXIT.interrupted;
  const [told] = await run([{ ...task, excerpt: decided(points) }]);
  const wallMs = Math.round(performance.now() - startMs);
  const document = whyDocument({ scenario: id, seed, failure, events: told?.excerpt ?? [], wallMs }, points);
  terminal.out(options.json ? `${JSON.stringify(document, null, 2)}\n` : whyText(document));
  return EXIT.pass;
}
