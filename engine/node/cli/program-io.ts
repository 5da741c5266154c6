/** What a program of the engine has of the terminal it runs in. */
export interface ProgramIo {
  /** Data. */
  out(text: string): void;
  /** Errors, one line each. */
  err(text: string): void;
  /** Aborted by Ctrl-C, or by a request to end. */
  readonly interrupt: AbortSignal;
  /** Of the package. */
  readonly version: string;
}

/** What the shell is told, as docs/cli.md has it. */
export const EXIT = {
  done: 0,
  /** Refused, or it could not start: nothing was done. */
  refused: 1,
  /** Nobody knows whether it was done. */
  unknown: 2,
  interrupted: 130,
  usage: 254,
  internal: 255,
} as const;
