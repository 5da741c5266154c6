import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";

/** A program of the node. If it ends by itself, so does the node: without its engine it is none. */
export class Daemon {
  readonly #child: ChildProcess;
  #isWanted = true;

  constructor(command: string, args: readonly string[]) {
    this.#child = spawn(command, args, { stdio: ["ignore", "inherit", "inherit"] });
    this.#child.once("exit", (code, signal) => {
      if (!this.#isWanted) return;
      console.error(`${command} ended: ${signal ?? code}`);
      process.exit(1);
    });
  }

  /** Settles when it has ended. */
  async stop(): Promise<void> {
    this.#isWanted = false;
    const ended = once(this.#child, "exit");
    this.#child.kill("SIGTERM");
    await ended;
  }
}
