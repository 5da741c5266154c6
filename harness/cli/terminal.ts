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

/** Of a stream of the process, what says how wide it is. */
export interface Screen {
  readonly isTTY?: boolean;
  /** 0 on a terminal that was never told its size. */
  readonly columns?: number;
}

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
    columns: columnsOf(process.stdout),
    // Node.js knows the rules of NO_COLOR, FORCE_COLOR and terminals; asking it keeps them the same.
    colour: styleText("bold", "x", { stream: process.stdout }) !== "x",
    interactive: process.env["CI"] === undefined && canRedraw([process.stdout, process.stderr]),
  };
}

/** Width in characters, whatever the stream says of itself. */
export function columnsOf({ columns = 0 }: Screen): number {
  return columns === 0 ? COLUMNS_WITHOUT_TERMINAL : Math.max(COLUMNS_MIN, columns);
}

/**
 * Whether lines can be drawn again in place. listr2 falls back to lines on stdout, of all places, if that is no terminal;
 * and wraps at each character on one without a width.
 */
export function canRedraw(screens: readonly Screen[]): boolean {
  return screens.every(({ isTTY = false, columns = 0 }) => isTTY && columns > 0);
}
