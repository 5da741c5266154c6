import { unjudgedRecord } from "../history/unjudged-record.ts";
import type { Verdict } from "../history/run-record.ts";
import { type CaseBase, type CaseRequest, type CaseResult, planOf } from "../hunt/exhaust/run-case.ts";
import { RemoteUsageError } from "./serve-tasks.ts";
import { type WorkEnd, type WorkerModule, WorkerSlot } from "./worker-slot.ts";

export interface CasePoolOptions {
  readonly worker: WorkerModule;
  readonly workerCount: number;
  /** Real time that one run may take. */
  readonly caseMsMax: number;
  /** Aborted by an interrupt: what has not ended is left out. */
  readonly signal: AbortSignal;
  /** Told each result as it comes, in no order. */
  readonly onResult: (result: CaseResult) => void;
}

/** Few enough that an interrupt is soon over, and enough that handing them out costs nothing. */
const BATCH = 16;

/**
 * Runs cases on worker threads.
 *
 * @returns the results in the order of the requests, whatever the number of workers; after an interrupt those that there are
 * @throws UsageError if a run turns out to be the caller's mistake
 */
export async function runCases(
  base: CaseBase,
  requests: readonly CaseRequest[],
  options: CasePoolOptions,
): Promise<CaseResult[]> {
  const results = new Map<number, CaseResult>();
  const waiting = [...requests];
  const finish = (result: CaseResult): void => {
    results.set(result.index, result);
    options.onResult(result);
  };
  const loop = async (): Promise<void> => {
    let slot: WorkerSlot | undefined;
    try {
      while (!options.signal.aborted && waiting.length > 0) {
        slot ??= new WorkerSlot(options.worker);
        const batch = waiting.splice(0, BATCH);
        waiting.unshift(...(await doBatch(slot, base, batch, options, finish)));
        if (!slot.alive) slot = undefined;
      }
    } finally {
      await slot?.close();
    }
  };
  await Promise.all(Array.from({ length: Math.min(options.workerCount, requests.length) }, loop));
  return requests.flatMap(({ index }) => {
    const result = results.get(index);
    return result === undefined ? [] : [result];
  });
}

/** @returns those that another worker has to do */
async function doBatch(
  slot: WorkerSlot,
  base: CaseBase,
  batch: readonly CaseRequest[],
  { caseMsMax, signal }: CasePoolOptions,
  finish: (result: CaseResult) => void,
): Promise<readonly CaseRequest[]> {
  let doneCount = 0;
  const end = await slot.do(
    { kind: "cases", base, requests: batch },
    {
      taskMsMax: caseMsMax,
      signal,
      onCase: (result) => {
        doneCount++;
        finish(result);
      },
    },
  );
  if (end.kind === "batch" || end.kind === "interrupted") return [];
  if (end.kind === "usage") throw new RemoteUsageError(end.message);
  // The worker is gone, or told of a mistake of ours: it was at work on the first run that has no result.
  const [culprit, ...rest] = batch.slice(doneCount);
  if (culprit !== undefined) finish(unfinished(base, culprit, end));
  return rest;
}

function unfinished(
  base: CaseBase,
  { index, points }: CaseRequest,
  end: Exclude<WorkEnd, { kind: "usage" }>,
): CaseResult {
  const [verdict, message]: [Verdict, string] =
    end.kind === "timeout"
      ? ["UNKNOWN", `no end within ${end.limitMs / 1000} s of real time`]
      : ["ERROR", end.kind === "internal" ? end.stack : "the worker ended before its run did"];
  const { name, requirements } = planOf(base, points);
  const head = {
    id: `${base.id}/${index}`,
    scenario: name,
    requirements,
    world: "sim",
    seed: base.seed,
    replay: "",
  } as const;
  return {
    index,
    verdict,
    isReached: false,
    historyHash: "",
    virtualMs: 0,
    isTolerated: false,
    fingerprints: [`harness ${verdict}`],
    record: unjudgedRecord(head, verdict, { rule: "harness", message }),
  };
}
