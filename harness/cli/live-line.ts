import { Listr, type ListrDefaultRendererLogLevels, ListrLogger, ProcessOutput } from "listr2";

/** A line on a terminal that is redrawn in place. */
export interface LiveLine {
  /** Draws it for the last time, as passed or not; settles when that is done. */
  end(passed: boolean): Promise<void>;
}

/** Draws what `line` gives, every `redrawMs`, on stderr. */
export function liveLine(line: () => string, redrawMs: number): LiveLine {
  let finish: (passed: boolean) => void = () => {};
  const ended = new Promise<boolean>((resolve) => {
    finish = resolve;
  });
  const list = new Listr(
    [
      {
        title: line(),
        task: async (_context, view): Promise<void> => {
          const timer = setInterval(() => {
            view.title = line();
          }, redrawMs);
          const passed = await ended;
          clearInterval(timer);
          view.title = line();
          // Never seen: it only makes the mark a cross.
          if (!passed) throw new Error("not passed");
        },
      },
    ],
    {
      exitOnError: false,
      // An interrupt is ours to handle: records are still to be written.
      registerSignalListeners: false,
      rendererOptions: {
        showErrorMessage: false,
        logger: new ListrLogger<ListrDefaultRendererLogLevels>({
          processOutput: new ProcessOutput(process.stderr, process.stderr),
        }),
      },
    },
  );
  const shown = list.run();
  return {
    async end(passed) {
      finish(passed);
      await shown;
    },
  };
}
