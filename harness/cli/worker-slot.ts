import { setFlagsFromString } from "node:v8";
import { Worker } from "node:worker_threads";
import type { CaseResult } from "../hunt/exhaust/run-case.ts";
import type { SeedResult } from "../hunt/seed-result.ts";
import type { WorkerMessage, WorkerReply, WorkerRequest, WorkRequest } from "./run-task.ts";

/** What a worker thread runs. */
export interface WorkerModule {
  /** A module that calls `serveTasks`. */
  readonly entry: URL;
  /** Its `workerData`: plain data. */
  readonly data: unknown;
}

export interface WorkOptions {
  /** Real time that one task, or one of a batch, may take once its worker has begun it. */
  readonly taskMsMax: number;
  /** Aborted by an interrupt. */
  readonly signal: AbortSignal;
  /** Told the result of each seed of a batch, in order. */
  readonly onSeed?: (result: SeedResult) => void;
  /** Told the result of each case of a batch, in order. */
  readonly onCase?: (result: CaseResult) => void;
}

/** How it ended: with the worker's reply, or without one, and then the worker is gone. */
export type WorkEnd =
  | WorkerReply
  | { readonly kind: "interrupted" }
  | { readonly kind: "timeout"; readonly limitMs: number };

/** Time for a stopped worker to remove its temporary files. */
const STOP_MS = 3_000;
/** Time for a worker to load what it needs. */
const LOAD_MS_MAX = 120_000;

// WebAssembly (types stripped, ext4 read) calls JavaScript through code that all threads share. V8 13.6 has died while it
// replaced such code with a faster one in a worker (Runtime_TierUpWasmToJSWrapper), once in some hundred starts. It now
// keeps what it has: no run was measurably slower.
setFlagsFromString("--wasm-wrapper-tiering-budget=1000000000");

/** One worker thread. After anything but a reply it is gone. */
export class WorkerSlot {
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

  /** Has it do something; settles when that has ended, one way or another. */
  async do(request: WorkRequest, { taskMsMax, signal, onSeed, onCase }: WorkOptions): Promise<WorkEnd> {
    const worker = this.#worker;
    const cleanups: (() => void)[] = [];
    try {
      const end = await new Promise<WorkEnd>((resolve) => {
        const onMessage = (message: WorkerMessage): void => {
          if (message.kind === "began") limit(taskMsMax);
          else if (message.kind === "seed") onSeed?.(message.result);
          else if (message.kind === "case") onCase?.(message.result);
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
        this.#post(request);
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
