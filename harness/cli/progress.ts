import type { RunRecord } from "../history/run-record.ts";
import type { RunTask } from "./run-task.ts";
import type { Terminal } from "./terminal.ts";
import { terminalProgress } from "./terminal-progress.ts";

/** What a person sees while runs go on; always on stderr. */
export interface Progress {
  started(task: RunTask): void;
  finished(record: RunRecord): void;
  /** Settles when the last of it is on the screen. */
  end(): Promise<void>;
}

/** Redrawn in place on a terminal, plain lines elsewhere. */
export function progressFor(tasks: readonly RunTask[], terminal: Terminal): Progress {
  return terminal.interactive ? terminalProgress(tasks) : plainProgress(tasks.length, terminal);
}

/** One line as each run ends. */
function plainProgress(taskCount: number, terminal: Terminal): Progress {
  let done = 0;
  return {
    started: () => {},
    finished(record) {
      done++;
      const place = `${String(done).padStart(String(taskCount).length)}/${taskCount}`;
      terminal.err(`${place}  ${record.verdict}  ${record.id}  seed ${record.seed}  ${Math.round(record.wallMs)} ms\n`);
    },
    end: () => Promise.resolve(),
  };
}
