import { parentPort } from "node:worker_threads";
import type {
  RunCaseFunction,
  RunSeedFunction,
  RunTaskFunction,
  ShrinkFunction,
  WorkerMessage,
  WorkerReply,
  WorkerRequest,
  WorkRequest,
} from "./run-task.ts";
import { isCallerError, UsageError } from "./usage-error.ts";

/** What a worker thread can do. */
export interface Workers {
  readonly runTask: RunTaskFunction;
  /** Not in every program. */
  readonly runSeed?: RunSeedFunction;
  readonly runCase?: RunCaseFunction;
  readonly shrink?: ShrinkFunction;
}

/** The body of a worker thread: does the tasks, and the batches of seeds and cases, that it is sent, one at a time. */
export function serveTasks(workers: Workers): void {
  const port = parentPort;
  if (port === null) throw new Error("serveTasks runs in a worker thread only");
  port.on("message", (request: WorkerRequest) => {
    // In a worker this ends the thread alone, and unlike being terminated it lets exit listeners
    // remove temporary files.
    if (request.kind === "stop") process.exit();
    const post = (message: WorkerMessage): void => port.postMessage(message);
    post({ kind: "began" });
    void reply(workers, request, post).then(post);
  });
}

async function reply(
  { runTask, runSeed, runCase, shrink }: Workers,
  request: WorkRequest,
  post: (message: WorkerMessage) => void,
): Promise<WorkerReply> {
  try {
    if (request.kind === "run") return { kind: "record", record: await runTask(request.task) };
    if (request.kind === "shrink") {
      if (shrink === undefined) throw new Error("this program makes nothing small");
      return { kind: "shrunk", shrunk: await shrink(request) };
    }
    if (request.kind === "cases") {
      if (runCase === undefined) throw new Error("this program tries no points");
      for (const one of request.requests) {
        post({ kind: "began" });
        post({ kind: "case", result: await runCase(request.base, one) });
      }
      return { kind: "batch" };
    }
    if (runSeed === undefined) throw new Error("this program has no hunt");
    for (const key of request.keys) {
      post({ kind: "began" });
      post({ kind: "seed", result: await runSeed(key) });
    }
    return { kind: "batch" };
  } catch (error) {
    // Only plain data crosses threads: an error would lose its class there.
    if (isCallerError(error)) return { kind: "usage", message: error.message };
    return { kind: "internal", stack: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}

/** The error of a `usage` reply. */
export class RemoteUsageError extends UsageError {
  constructor(message: string) {
    super({ place: "", found: "", expected: "" });
    this.message = message;
  }
}
