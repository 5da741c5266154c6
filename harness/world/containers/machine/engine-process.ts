import { type ChildProcess, spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

const STOP_MS_MAX = 5000;
const STOP_ASKED_MS = 1;

/**
 * A process of the engine that has loaded its program and waits to be told its configuration on standard input. What it
 * prints goes where this program prints.
 */
export class EngineProcess {
  /** Settles when it has ended, whoever ended it. */
  readonly ended: Promise<void>;
  readonly #child: ChildProcess;
  #end = "";

  constructor([program = "", ...args]: readonly string[]) {
    const child = spawn(program, args, { stdio: ["pipe", "inherit", "inherit"] });
    this.#child = child;
    // Of one that is gone the end says more.
    child.stdin?.on("error", () => undefined);
    this.ended = new Promise((resolve) => {
      const end = (why: string): void => {
        this.#end ||= why;
        resolve();
      };
      child.on("error", (error) => end(String(error)));
      child.on("exit", (exitCode, signal) => end(signal ?? `exit code ${exitCode}`));
    });
  }

  /** 0 if it was never made. */
  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** How it ended; "" while it lives. */
  get end(): string {
    return this.#end;
  }

  /** Once. From here on it does what engines do. */
  configure(config: string): void {
    this.#child.stdin?.end(config);
  }

  /** SIGKILL, also of one that is paused: it runs no instruction more. Settles when the kernel has ended it. */
  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.ended;
  }

  /** SIGSTOP: its sockets stay, and are silent. Settles when each of its threads has stopped. @throws Error if it does not */
  async pause(): Promise<void> {
    this.#child.kill("SIGSTOP");
    const untilMs = performance.now() + STOP_MS_MAX;
    while (this.#end === "" && !this.#hasStopped()) {
      if (performance.now() > untilMs) throw new Error(`process ${this.pid} did not stop within ${STOP_MS_MAX} ms`);
      await sleep(STOP_ASKED_MS);
    }
  }

  resume(): void {
    this.#child.kill("SIGCONT");
  }

  #hasStopped(): boolean {
    const tasks = `/proc/${this.pid}/task`;
    try {
      return readdirSync(tasks).every((task) => stateIn(readFileSync(`${tasks}/${task}/stat`, "utf8")) === "T");
    } catch {
      // A thread, or all of it, ended meanwhile.
      return false;
    }
  }
}

/** The letter after the name, which may hold spaces and brackets. */
function stateIn(stat: string): string {
  return stat.slice(stat.lastIndexOf(")") + 2, stat.lastIndexOf(")") + 3);
}
