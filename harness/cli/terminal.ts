import { styleText } from "node:util";

/** Where output goes: data to `out`, progress and errors to `err`. */
export interface Terminal {
  out(text: string): void;
  err(text: string): void;
  /** Width of `out` in characters; 120 if it is no terminal. */
  readonly columns: number;
  /** `out` takes colour: it is a terminal and NO_COLOR is not set, or FORCE_COLOR is. */
  readonly colour: boolean;
  /** Progress may be redrawn in place. */
  readonly interactive: boolean;
}

const COLUMNS_WITHOUT_TERMINAL = 120;
const COLUMNS_MIN = 60;

/** The process's own. A reader that has gone away (`| head`) ends output quietly. */
export function processTerminal(): Terminal {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE") throw error;
    });
  }
  return {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    columns: Math.max(COLUMNS_MIN, process.stdout.columns ?? COLUMNS_WITHOUT_TERMINAL),
    // Node.js knows the rules of NO_COLOR, FORCE_COLOR and terminals; asking it keeps them the same.
    colour: styleText("bold", "x", { stream: process.stdout }) !== "x",
    // listr2 falls back to lines on stdout, of all places, if that is no terminal.
    interactive: process.stdout.isTTY && process.stderr.isTTY && process.env["CI"] === undefined,
  };
}
