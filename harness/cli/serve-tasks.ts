import { parentPort } from "node:worker_threads";
import type { RunTask, RunTaskFunction, WorkerMessage, WorkerReply, WorkerRequest } from "./run-task.ts";
import { isCallerError, UsageError } from "./usage-error.ts";

/** The body of a worker thread: does the tasks that it is sent, one at a time. */
export function serveTasks(runTask: RunTaskFunction): void {
  const port = parentPort;
  if (port === null) throw new Error("serveTasks runs in a worker thread only");
  port.on("message", (request: WorkerRequest) => {
    // In a worker this ends the thread alone, and unlike being terminated it lets exit listeners
    // remove temporary files.
    if (request.kind === "stop") process.exit();
    const post = (message: WorkerMessage): void => port.postMessage(message);
    post({ kind: "began" });
    void reply(runTask, request.task).then(post);
  });
}

async function reply(runTask: RunTaskFunction, task: RunTask): Promise<WorkerReply> {
  try {
    return { kind: "record", record: await runTask(task) };
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
