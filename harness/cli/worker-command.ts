import { availableParallelism, hostname } from "node:os";
import { BATCH_SEEDS } from "../hunt/blocks.ts";
import { JobBatches } from "../hunt/job-batches.ts";
import { keyText } from "../hunt/seed-result.ts";
import type { Job } from "../queue/jobs.ts";
import { parseQueueUrl } from "../queue/queue-url.ts";
import { serveQueue } from "../queue/serve-queue.ts";
import type { CommandLineParts } from "./command-line-parts.ts";
import { EXIT } from "./exit-code.ts";
import type { QueueOptions } from "./hunt-command.ts";
import { huntSeeds } from "./hunt-pool.ts";
import { programOf } from "./program-digests.ts";

export interface WorkerOptions extends QueueOptions {
  readonly workers: number | undefined;
  /** Ends when there was nothing to do for so long; never, if left out. */
  readonly idleMsMax: number | undefined;
}

const WORKERS_DEFAULT_MAX = 64;
const LINE_MS = 30_000;

/**
 * Does runs of campaigns of other machines, taken from a queue, on worker threads.
 *
 * @returns the exit code
 * @throws QueueError
 */
export async function workerCommand(parts: CommandLineParts, options: WorkerOptions): Promise<number> {
  const { terminal, interrupt } = parts;
  const url = parseQueueUrl(options.url);
  const workerCount = options.workers ?? Math.min(availableParallelism(), WORKERS_DEFAULT_MAX);
  const program = programOf(parts);
  const say = (text: string): void => terminal.err(`worker: ${text}\n`);
  say(
    `${workerCount} runs at a time for ${url.shown}; engine ${program.engine.slice(0, 16)}, generator ${program.generator}`,
  );
  const jobs = new JobBatches();
  const stop = new AbortController();
  const signal = AbortSignal.any([interrupt, stop.signal]);
  let begun = 0;
  let runs = 0;
  let stored = 0;
  const line = (): void => say(`${stored} jobs done, ${runs} runs`);
  const timer = setInterval(line, LINE_MS);
  const served = serveQueue({
    ...{ url, program, signal },
    patienceMs: options.patienceMs,
    name: `${hostname()}/${process.pid}`,
    ...(options.idleMsMax === undefined ? {} : { idleMsMax: options.idleMsMax }),
    wants: () => jobs.wants(workerCount * BATCH_SEEDS),
    run: (job, lost) => jobs.add(job.keys, job.timeoutMs, lost),
    onBegin: (job) => {
      if (begun++ === 0) say(`at work: ${jobText(job)}`);
    },
    onEnd: (job, end) => {
      if (end === "stored") stored++;
      else say(`${jobText(job)}: ${end === "late" ? "another worker was given it meanwhile" : "given up"}`);
    },
  }).finally(() => jobs.end());
  const pool = huntSeeds(jobs, {
    worker: parts.worker,
    workerCount,
    seedMsMax: 0,
    signal,
    isOver: () => false,
    onResult: () => runs++,
  }).finally(() => stop.abort());
  try {
    const [ended] = await Promise.allSettled([served, pool]);
    if (ended.status === "rejected") throw ended.reason;
    await pool;
  } finally {
    clearInterval(timer);
  }
  line();
  return interrupt.aborted ? EXIT.interrupted : EXIT.pass;
}

function jobText({ campaign, keys }: Job): string {
  const [first] = keys;
  const last = keys.at(-1);
  const range = first === undefined || last === undefined ? "" : `${keyText(first)}..${keyText(last)}`;
  return `seeds ${range} of campaign ${campaign}`;
}
