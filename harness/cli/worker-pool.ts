import { setFlagsFromString } from "node:v8";
import { Worker } from "node:worker_threads";
import type { RunRecord } from "../history/run-record.ts";
import {
  type RunTask,
  unfinishedRecord,
  type WorkerMessage,
  type WorkerReply,
  type WorkerRequest,
} from "./run-task.ts";
import { RemoteUsageError } from "./serve-tasks.ts";

/** What a worker thread runs. */
export interface WorkerModule {
  /** A module that calls `serveTasks`. */
  readonly entry: URL;
  /** Its `workerData`: plain data. */
  readonly data: unknown;
}

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

/** Time for a stopped worker to remove its temporary files. */
const STOP_MS = 3_000;
/** Time for a worker to load what it needs. */
const LOAD_MS_MAX = 120_000;

// WebAssembly (types stripped, ext4 read) calls JavaScript through code that all threads share. V8 13.6 has died while it
// replaced such code with a faster one in a worker (Runtime_TierUpWasmToJSWrapper), once in some hundred starts. It now
// keeps what it has: no run was measurably slower.
setFlagsFromString("--wasm-wrapper-tiering-budget=1000000000");

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
    let slot: Slot | undefined;
    try {
      for (;;) {
        const task = queue.shift();
        if (task === undefined || refusal !== undefined || options.signal.aborted) return;
        slot ??= new Slot(options.worker);
        options.onStart(task);
        const startMs = performance.now();
        const end = await slot.run(task, options.taskMsMax, options.signal);
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

type TaskEnd = WorkerReply | { readonly kind: "interrupted" } | { readonly kind: "timeout"; readonly limitMs: number };

function recordOf(task: RunTask, end: Exclude<TaskEnd, { kind: "usage" }>, wallMs: number): RunRecord {
  switch (end.kind) {
    case "record":
      return end.record;
    case "internal":
      return unfinishedRecord(task, "ERROR", end.stack, wallMs);
    case "interrupted":
      return unfinishedRecord(task, "UNKNOWN", "interrupted while it ran", wallMs);
    case "timeout":
      return unfinishedRecord(task, "UNKNOWN", `no end within ${end.limitMs / 1000} s of real time`, wallMs);
  }
}

/** One worker thread. After anything but a reply it is gone. */
class Slot {
  readonly #worker: Worker;
  #alive = true;

  constructor({ entry, data }: WorkerModule) {
    this.#worker = new Worker(entry, { workerData: data });
    this.#worker.on("exit", () => {
      this.#alive = false;
    });
  }

  get alive(): boolean {
    return this.#alive;
  }

  async run(task: RunTask, taskMsMax: number, signal: AbortSignal): Promise<TaskEnd> {
    const worker = this.#worker;
    const cleanups: (() => void)[] = [];
    try {
      const end = await new Promise<TaskEnd>((resolve) => {
        const onMessage = (message: WorkerMessage): void => {
          if (message.kind === "began") limit(taskMsMax);
          else resolve(message);
        };
        const onError = (error: Error): void => resolve({ kind: "internal", stack: error.stack ?? error.message });
        const onExit = (code: number): void =>
          resolve({ kind: "internal", stack: `the worker thread ended with code ${code} before its run did` });
        const onAbort = (): void => resolve({ kind: "interrupted" });
        let timer: NodeJS.Timeout | undefined;
        const limit = (limitMs: number): void => {
          clearTimeout(timer);
          timer = setTimeout(() => resolve({ kind: "timeout", limitMs }), limitMs);
        };
        limit(LOAD_MS_MAX);
        worker.on("message", onMessage).on("error", onError).on("exit", onExit);
        signal.addEventListener("abort", onAbort);
        cleanups.push(() => {
          clearTimeout(timer);
          worker.off("message", onMessage).off("error", onError).off("exit", onExit);
          signal.removeEventListener("abort", onAbort);
        });
        this.#post({ kind: "run", task });
      });
      if (end.kind === "interrupted" || end.kind === "timeout") await this.close();
      return end;
    } finally {
      for (const cleanup of cleanups) cleanup();
    }
  }

  /**
   * Asks first, so that temporary files are removed. A worker in an endless loop does not hear it, so
   * the wait is bounded.
   */
  async close(): Promise<void> {
    if (!this.#alive) return;
    const worker = this.#worker;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, STOP_MS);
      worker.once("exit", () => {
        clearTimeout(timer);
        resolve();
      });
      this.#post({ kind: "stop" });
    });
    await worker.terminate();
    this.#alive = false;
  }

  #post(request: WorkerRequest): void {
    this.#worker.postMessage(request);
  }
}
