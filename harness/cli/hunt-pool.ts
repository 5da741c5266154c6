import type { Batch } from "../hunt/blocks.ts";
import type { SeedKey, SeedResult } from "../hunt/seed-result.ts";
import { unfinishedResult } from "../hunt/unfinished-result.ts";
import { RemoteUsageError } from "./serve-tasks.ts";
import { type WorkEnd, type WorkerModule, WorkerSlot } from "./worker-slot.ts";

/** Where runs come from, and their results go. */
export interface BatchSource {
  /** Runs to be done now. */
  next(): Batch | undefined;
  done(block: number, result: SeedResult): void;
  /** The rest of a batch that its worker could not do. */
  putBack(batch: Batch): void;
  /** Settles when there may be more though nobody is at work; `undefined`, or no such function: there will not. */
  more?(): Promise<void> | undefined;
}

export interface HuntPoolOptions {
  readonly worker: WorkerModule;
  readonly workerCount: number;
  /** Real time that one run may take, unless its batch says otherwise. */
  readonly seedMsMax: number;
  /** Aborted by an interrupt: what has not ended is left out. */
  readonly signal: AbortSignal;
  /** True once no batch is to be begun any more. */
  readonly isOver: () => boolean;
  /** Told each result as it comes, in no order. */
  readonly onResult: (result: SeedResult) => void;
}

/**
 * Does the runs of `source` on worker threads, until there are no more, or it is over.
 *
 * @throws UsageError if a run turns out to be the caller's mistake
 */
export async function huntSeeds(source: BatchSource, options: HuntPoolOptions): Promise<void> {
  const { signal } = options;
  let busy = 0;
  /** Who has nothing to do waits for this: a result may bring more. */
  const wake: (() => void)[] = [];
  const wakeAll = (): void => {
    for (const one of wake.splice(0)) one();
  };
  const finish = (batch: Batch, result: SeedResult): void => {
    source.done(batch.block, result);
    options.onResult(result);
    wakeAll();
  };
  const loop = async (): Promise<void> => {
    let slot: WorkerSlot | undefined;
    try {
      while (!signal.aborted && !options.isOver()) {
        const batch = source.next();
        if (batch === undefined) {
          const more = source.more?.();
          if (busy === 0 && more === undefined) return;
          const woken = new Promise<void>((resolve) => wake.push(resolve));
          await (more === undefined ? woken : Promise.race([woken, more]));
          continue;
        }
        slot ??= new WorkerSlot(options.worker);
        busy++;
        try {
          await doBatch(slot, batch, options, { finish, putBack: (rest) => source.putBack(rest) });
        } finally {
          busy--;
        }
        if (!slot.alive) slot = undefined;
      }
    } finally {
      wakeAll();
      await slot?.close();
    }
  };
  await Promise.all(Array.from({ length: options.workerCount }, loop));
}

async function doBatch(
  slot: WorkerSlot,
  batch: Batch,
  { seedMsMax, signal }: HuntPoolOptions,
  { finish, putBack }: { finish: (batch: Batch, result: SeedResult) => void; putBack: (batch: Batch) => void },
): Promise<void> {
  let doneCount = 0;
  const end = await slot.do(
    { kind: "hunt", keys: batch.keys },
    {
      taskMsMax: batch.seedMsMax ?? seedMsMax,
      signal,
      onSeed: (result) => {
        doneCount++;
        finish(batch, result);
      },
    },
  );
  if (end.kind === "batch" || end.kind === "interrupted") return;
  if (end.kind === "usage") throw new RemoteUsageError(end.message);
  // The worker is gone, or told of a mistake of ours: it was at work on the first run that has no result.
  const [culprit, ...rest] = batch.keys.slice(doneCount);
  if (rest.length > 0) putBack({ block: batch.block, keys: rest });
  if (culprit !== undefined) finish(batch, unfinished(culprit, end));
}

function unfinished(key: SeedKey, end: Exclude<WorkEnd, { kind: "usage" }>): SeedResult {
  if (end.kind === "timeout")
    return unfinishedResult(key, "UNKNOWN", `no end within ${end.limitMs / 1000} s of real time`);
  return unfinishedResult(key, "ERROR", end.kind === "internal" ? end.stack : "the worker ended before its run did");
}
