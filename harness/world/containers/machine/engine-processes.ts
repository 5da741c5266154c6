import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { EngineProcess } from "./engine-process.ts";

/** What an engine is started with. */
export interface Boot {
  /** Path → content; below the folder of the machine. Nobody but its user may read them. */
  readonly files: Readonly<Record<string, string>>;
  /** As a configuration file has it. */
  readonly config: string;
}

export interface EngineProcessesParts {
  /** Runs an engine that reads its configuration from standard input. */
  readonly command: readonly string[];
  /** Where all files of an engine are. */
  readonly folder: string;
  /** Where it could leave others. */
  readonly alsoWritable: readonly string[];
}

/** Until the next is loaded, unless it is needed before: not while the one before it is starting, on the same processors. */
const LOAD_MS = 250;

/**
 * The engines of one machine, one after the other: one at most is configured, and the next is loaded in time, since to
 * load it takes longer than all the rest of a start.
 */
export class EngineProcesses {
  readonly #parts: EngineProcessesParts;
  #next: EngineProcess | undefined;
  #engine: EngineProcess | undefined;
  #isClosed = false;

  constructor(parts: EngineProcessesParts) {
    this.#parts = parts;
    this.#load();
  }

  /** How the engine ended; "" while it runs, or if none was started. */
  get end(): string {
    return this.#engine?.end ?? "";
  }

  /** Tells the one that waits its configuration. @throws Error if the one before it still runs */
  boot({ files, config }: Boot): void {
    if (this.#engine?.end === "") throw new Error("an engine runs already");
    for (const [path, content] of Object.entries(files)) {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, content, { mode: 0o600 });
    }
    const engine = this.#load();
    this.#next = undefined;
    this.#engine = engine;
    engine.configure(config);
    const timer = setTimeout(() => this.#load(), LOAD_MS);
    void engine.ended.then(() => {
      clearTimeout(timer);
      if (!this.#isClosed) this.#load();
    });
  }

  /** Settles when it is dead; nothing if none runs. */
  async kill(): Promise<void> {
    await this.#engine?.kill();
  }

  /** @throws Error */
  async pause(): Promise<void> {
    await this.#engine?.pause();
  }

  resume(): void {
    this.#engine?.resume();
  }

  /** Ends the engine and forgets every file. */
  async reset(): Promise<void> {
    await this.kill();
    this.#engine = undefined;
    for (const name of namesIn(this.#parts.folder)) rmSync(join(this.#parts.folder, name), { recursive: true });
  }

  /**
   * What there is beside this program and an engine that was told nothing: processes, as the kernel lists them, and
   * files. In a container, where all processes are of this machine.
   */
  left(): readonly string[] {
    const { folder, alsoWritable } = this.#parts;
    const own = new Set([process.pid, this.#next?.pid].map(String));
    const processes = namesIn("/proc").filter((name) => /^\d+$/.test(name) && !own.has(name));
    const files = [folder, ...alsoWritable].flatMap((place) => namesIn(place).map((name) => join(place, name)));
    return [...processes.map((pid) => `process ${pid} (${commandOf(pid)})`), ...files.map((file) => `file ${file}`)];
  }

  /** Ends all of them. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all([this.#engine?.kill(), this.#next?.kill()]);
  }

  /** The one that waits. */
  #load(): EngineProcess {
    if (this.#next === undefined || this.#next.end !== "") this.#next = new EngineProcess(this.#parts.command);
    return this.#next;
  }
}

function namesIn(folder: string): readonly string[] {
  return readdirSync(folder);
}

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim();
  } catch {
    return "gone";
  }
}
