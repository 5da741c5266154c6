import { styleText } from "node:util";
import { Listr, type ListrDefaultRendererLogLevels, ListrLogger, ProcessOutput } from "listr2";
import type { RunRecord } from "../history/run-record.ts";
import type { Progress } from "./progress.ts";
import type { RunTask } from "./run-task.ts";

/** One line a folder of scenarios, with the runs that go on below it. */
export function terminalProgress(tasks: readonly RunTask[]): Progress {
  const groups = new Map<string, Group>();
  for (const task of tasks) {
    const group = groups.get(folderOf(task.id));
    if (group === undefined) groups.set(folderOf(task.id), new Group(folderOf(task.id), 1));
    else group.taskCount++;
  }
  const list = new Listr(
    [...groups.values()].map((group) => ({
      title: group.title,
      task: async (_context, view): Promise<void> => {
        await group.show((title, output) => {
          view.title = title;
          view.output = output;
        });
        // Never seen: it only makes the mark a cross.
        if (!group.passed) throw new Error(group.title);
      },
    })),
    {
      concurrent: true,
      exitOnError: false,
      // An interrupt is ours to handle: records are still to be written.
      registerSignalListeners: false,
      rendererOptions: {
        showErrorMessage: false,
        collapseSubtasks: false,
        logger: new ListrLogger<ListrDefaultRendererLogLevels>({
          processOutput: new ProcessOutput(process.stderr, process.stderr),
        }),
      },
    },
  );
  const shown = list.run();
  return {
    started: (task) => groups.get(folderOf(task.id))?.started(task),
    finished: (record) => groups.get(folderOf(record.id))?.finished(record),
    async end() {
      for (const group of groups.values()) group.close();
      await shown;
    },
  };
}

type Draw = (title: string, output: string) => void;

class Group {
  taskCount: number;
  readonly #name: string;
  readonly #running = new Set<string>();
  #done = 0;
  #failed = 0;
  #draw: Draw | undefined;
  #finish: (() => void) | undefined;
  #closed = false;

  constructor(name: string, taskCount: number) {
    this.#name = name;
    this.taskCount = taskCount;
  }

  get title(): string {
    const failed = this.#failed > 0 ? styleText("red", `  ${this.#failed} not passed`, { stream: process.stderr }) : "";
    return `${this.#name}  ${this.#done}/${this.taskCount}${failed}`;
  }

  get passed(): boolean {
    return this.#done === this.taskCount && this.#failed === 0;
  }

  /** Draws until all is done or `close`. */
  async show(draw: Draw): Promise<void> {
    this.#draw = draw;
    await new Promise<void>((resolve) => {
      this.#finish = resolve;
      this.#update();
    });
  }

  started(task: RunTask): void {
    this.#running.add(task.id);
    this.#update();
  }

  finished(record: RunRecord): void {
    this.#running.delete(record.id);
    this.#done++;
    if (record.verdict !== "PASS") this.#failed++;
    this.#update();
  }

  close(): void {
    this.#closed = true;
    this.#update();
  }

  #update(): void {
    this.#draw?.(this.title, [...this.#running].join("  "));
    if (this.#closed || this.#done === this.taskCount) this.#finish?.();
  }
}

function folderOf(id: string): string {
  return id.includes("/") ? id.slice(0, id.lastIndexOf("/")) : "scenarios";
}
