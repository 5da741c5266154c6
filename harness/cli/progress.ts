import type { RunRecord } from "../history/run-record.ts";
import type { RunTask } from "./run-task.ts";
import type { Terminal } from "./terminal.ts";

/** What a person sees while runs go on; always on stderr. */
export interface Progress {
  started(task: RunTask): void;
  finished(record: RunRecord): void;
  /** Settles when the last of it is on the screen. */
  end(): Promise<void>;
}

/** Redrawn in place on a terminal, plain lines elsewhere. */
export async function progressFor(tasks: readonly RunTask[], terminal: Terminal): Promise<Progress> {
  if (!terminal.interactive) return plainProgress(tasks.length, terminal);
  // Loaded where it is used: it would be half of the time that `list` takes.
  const { terminalProgress } = await import("./terminal-progress.ts");
  return terminalProgress(tasks);
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
