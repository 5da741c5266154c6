import type { RunRecord } from "../history/run-record.ts";
import type { CommandLineParts } from "./command-line-parts.ts";
import { progressFor } from "./progress.ts";
import type { RunTask } from "./run-task.ts";
import { runTasks } from "./worker-pool.ts";

/** Takes each record as its run ends. */
interface RecordSink {
  record(run: RunRecord): void;
}

/** Does `tasks`, shows how far it is, and leaves each record in `out` as its run ends. @returns one record a task */
export async function runRecorded(
  { worker, terminal, interrupt }: Pick<CommandLineParts, "worker" | "terminal" | "interrupt">,
  tasks: readonly RunTask[],
  out: RecordSink,
  options: { readonly workerCount: number; readonly timeoutMs: number },
): Promise<readonly RunRecord[]> {
  const progress = await progressFor(tasks, terminal);
  try {
    return await runTasks(tasks, {
      worker,
      workerCount: options.workerCount,
      taskMsMax: options.timeoutMs,
      signal: interrupt,
      onStart: (task) => progress.started(task),
      onRecord: (record) => {
        out.record(record);
        progress.finished(record);
      },
    });
  } finally {
    await progress.end();
  }
}
