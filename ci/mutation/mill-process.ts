import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { cpuMsOf } from "./cpu-time.ts";
import type { MillAnswer, MillRequest, TestName } from "./mill-message.ts";

/** A test that takes longer than this, and so many times what it took on the source as it is, does not end. */
const TEST_MS_MAX = 3000;
const TIMES_MAX = 10;
const LOAD_MS_MAX = 60_000;
/** One that takes no time, either: the idle are found by the program itself. */
const WALL_MS_MAX = 600_000;
const LOOK_EVERY_MS = 500;
/** A mutant that gathers memory without end is to end itself, not the machine. */
const HEAP_MIB = 1024;

export type Loaded = Extract<MillAnswer, { kind: "loaded" | "not-loaded" }>;
export type Covered = Extract<MillAnswer, { kind: "covered" }>;
/** `killer` fails on the mutant, or does not end any more; undefined if all pass. */
export interface Judgement {
  readonly killer: number | undefined;
  readonly failure: string;
  readonly isTimeout: boolean;
}

/** A program with all tests loaded, in a sandbox. After a timeout it is gone, and a new one is needed. */
export class MillProcess {
  readonly #child: ChildProcess;
  #heard: (answer: MillAnswer | undefined) => void = () => undefined;
  #testMs: (test: number) => number = () => 0;
  #current: number | undefined;
  #timer: NodeJS.Timeout | undefined;
  #limits = { cpuMs: 0, wallMs: 0 };
  isAlive = true;

  constructor(sandbox: string) {
    const execArgv = ["--disable-warning=ExperimentalWarning", `--max-old-space-size=${HEAP_MIB}`];
    const stdio = ["ignore", "ignore", "ignore", "ipc"] as const;
    this.#child = fork(path.join(sandbox, "ci/mutation/mill.ts"), [], { execArgv, stdio: [...stdio], cwd: sandbox });
    this.#child.on("message", (answer: MillAnswer) => {
      if (answer.kind === "testing") this.#testing(answer.test);
      else this.#heard(answer);
    });
    this.#child.once("exit", () => {
      this.isAlive = false;
      this.#heard(undefined);
    });
  }

  /** @param active a mutant that is there from the start; "" for none */
  async load(files: readonly string[], active: string): Promise<Loaded> {
    this.#limit(LOAD_MS_MAX);
    const answer = await this.#ask({ kind: "load", files, active });
    if (answer?.kind === "loaded" || answer?.kind === "not-loaded") return answer;
    return { kind: "not-loaded", failure: "loading did not end" };
  }

  /** Runs all tests once. @param onTest hears of each */
  async cover(onTest: (covered: Covered) => void): Promise<void> {
    this.#testMs = () => LOAD_MS_MAX;
    await new Promise<void>((resolve, reject) => {
      this.#heard = (answer) => {
        if (answer?.kind === "covered") onTest(answer);
        else if (answer?.kind === "all-covered") resolve();
        else reject(new Error("the tests ended the program that runs them"));
      };
      this.#child.send({ kind: "cover" } satisfies MillRequest);
    });
    this.#noLimit();
  }

  /** @param testMs what a test takes on the source as it is */
  async run(id: string, tests: readonly number[], testMs: (test: number) => number): Promise<Judgement> {
    this.#testMs = testMs;
    if (tests[0] !== undefined) this.#testing(tests[0]);
    const answer = await this.#ask({ kind: "run", id, tests });
    if (answer?.kind === "done") return { killer: answer.killer, failure: answer.failure, isTimeout: false };
    return { killer: this.#current, failure: "it did not end", isTimeout: true };
  }

  async stop(): Promise<void> {
    this.#noLimit();
    if (!this.isAlive) return;
    const gone = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await gone;
  }

  async #ask(request: MillRequest): Promise<MillAnswer | undefined> {
    const answer = await new Promise<MillAnswer | undefined>((resolve) => {
      this.#heard = resolve;
      if (this.isAlive) this.#child.send(request);
      else resolve(undefined);
    });
    this.#noLimit();
    return answer;
  }

  #testing(test: number): void {
    this.#current = test;
    this.#limit(TEST_MS_MAX + TIMES_MAX * this.#testMs(test));
  }

  /** Ends the program when it has used so much time of a processor: others may use the machine as well. */
  #limit(ms: number): void {
    const { pid = 0 } = this.#child;
    this.#limits = { cpuMs: cpuMsOf(pid) + ms, wallMs: performance.now() + WALL_MS_MAX };
    this.#timer ??= setInterval(() => {
      const { cpuMs, wallMs } = this.#limits;
      if (cpuMsOf(pid) > cpuMs || performance.now() > wallMs) this.#child.kill("SIGKILL");
    }, LOOK_EVERY_MS);
  }

  #noLimit(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}

/** @returns a program with the tests loaded. @throws Error if they cannot be loaded */
export async function startMill(
  sandbox: string,
  files: readonly string[],
): Promise<{ readonly mill: MillProcess; readonly tests: readonly TestName[]; readonly reached: readonly string[] }> {
  const mill = new MillProcess(sandbox);
  const loaded = await mill.load(files, "");
  if (loaded.kind === "not-loaded") throw new Error(`the tests cannot be loaded: ${loaded.failure}`);
  return { mill, tests: loaded.tests, reached: loaded.reached };
}
