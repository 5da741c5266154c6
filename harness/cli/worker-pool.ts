import type { RunRecord } from "../history/run-record.ts";
import { type RunTask, unfinishedRecord } from "./run-task.ts";
import { RemoteUsageError } from "./serve-tasks.ts";
import { type WorkEnd, type WorkerModule, WorkerSlot } from "./worker-slot.ts";

export interface WorkerPoolOptions {
  readonly worker: WorkerModule;
  readonly workerCount: number;
  /** Real time that one task may take, once its worker has begun it. */
  readonly taskMsMax: number;
  /** Aborted by an interrupt: running tasks become UNKNOWN, the others SKIPPED. */
  readonly signal: AbortSignal;
  readonly onStart: (task: RunTask) => void;
  readonly onRecord: (record: RunRecord) => void;
}

/**
 * Does `tasks` on worker threads.
 *
 * @returns one record a task, in the order of the tasks, whatever the number of workers
 * @throws UsageError if a task turns out to be the caller's mistake; no further task is started
 */
export async function runTasks(tasks: readonly RunTask[], options: WorkerPoolOptions): Promise<RunRecord[]> {
  const records = new Map<RunTask, RunRecord>();
  // What takes longest first, or one worker would be busy with it after all others are done.
  const queue = [...tasks.filter((task) => task.heavy), ...tasks.filter((task) => !task.heavy)];
  let refusal: Error | undefined;

  const loop = async (): Promise<void> => {
    let slot: WorkerSlot | undefined;
    try {
      for (;;) {
        const task = queue.shift();
        if (task === undefined || refusal !== undefined || options.signal.aborted) return;
        slot ??= new WorkerSlot(options.worker);
        options.onStart(task);
        const startMs = performance.now();
        const end = await slot.do({ kind: "run", task }, { taskMsMax: options.taskMsMax, signal: options.signal });
        if (end.kind === "usage") {
          refusal ??= new RemoteUsageError(end.message);
          return;
        }
        const record = recordOf(task, end, performance.now() - startMs);
        records.set(task, record);
        options.onRecord(record);
        if (!slot.alive) slot = undefined;
      }
    } finally {
      await slot?.close();
    }
  };
  await Promise.all(Array.from({ length: Math.min(options.workerCount, tasks.length) }, loop));
  if (refusal !== undefined) throw refusal;
  return tasks.map(
    (task) => records.get(task) ?? unfinishedRecord(task, "SKIPPED", "interrupted before this run was started"),
  );
}

function recordOf(task: RunTask, end: Exclude<WorkEnd, { kind: "usage" }>, wallMs: number): RunRecord {
  switch (end.kind) {
    case "record":
      return end.record;
    case "batch":
    case "shrunk":
      throw new Error("a task was answered as something else");
    case "internal":
      return unfinishedRecord(task, "ERROR", end.stack, wallMs);
    case "interrupted":
      return unfinishedRecord(task, "UNKNOWN", "interrupted while it ran", wallMs);
    case "timeout":
      return unfinishedRecord(task, "UNKNOWN", `no end within ${end.limitMs / 1000} s of real time`, wallMs);
  }
}
