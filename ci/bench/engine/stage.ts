import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { open } from "node:fs/promises";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { EXIT } from "../../../harness/cli/exit-code.ts";

/** They end the benchmark as anything else does: with nothing left behind. */
const SIGNALS = ["SIGINT", "SIGTERM"] as const;
/** So long a program may take to listen. */
const LISTEN_MS = 10_000;

/** Where a part of the benchmark takes place: a folder and programs that are gone when it is over, however it ends. */
export class Stage implements AsyncDisposable {
  readonly folder: string;
  readonly #programs = new Set<ChildProcess>();
  readonly #sweep = (): void => {
    for (const program of this.#programs) program.kill("SIGKILL");
    rmSync(this.folder, { recursive: true, force: true });
  };

  readonly #leave = (): void => process.exit(EXIT.interrupted);

  /** @param parent its file system is what is measured */
  constructor(parent: string) {
    this.folder = mkdtempSync(join(parent, "resilver-bench-"));
    process.once("exit", this.#sweep);
    for (const signal of SIGNALS) process.once(signal, this.#leave);
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  /** An empty file of that size, anew. */
  async file(name: string, sizeBytes: number): Promise<string> {
    const path = this.path(name);
    rmSync(path, { force: true });
    const file = await open(path, "wx");
    await file.truncate(sizeBytes);
    await file.close();
    return path;
  }

  start(program: string, parameters: readonly string[]): ChildProcess {
    const child = spawn(program, parameters, { cwd: this.folder, stdio: ["pipe", "pipe", "pipe"] });
    this.#programs.add(child);
    child.once("close", () => this.#programs.delete(child));
    return child;
  }

  /** Ends it as it likes to be ended, and waits. */
  async end(program: ChildProcess): Promise<void> {
    if (!this.#programs.has(program)) return;
    const closed = once(program, "close");
    program.kill("SIGTERM");
    await closed;
  }

  /** @returns what it printed. @throws Error if it ends with anything but 0 */
  async output(program: string, parameters: readonly string[]): Promise<string> {
    const child = this.start(program, parameters);
    const [told, complained]: [string[], string[]] = [[], []];
    child.stdout?.setEncoding("utf8").on("data", (text: string) => told.push(text));
    child.stderr?.setEncoding("utf8").on("data", (text: string) => complained.push(text));
    // Rejects if there is no such program.
    const [code] = await once(child, "close");
    if (code === 0) return told.join("");
    throw new Error(`${program} ended with ${code}: ${complained.join("").trim().split("\n").at(-1) ?? ""}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#programs].map((program) => this.end(program)));
    process.off("exit", this.#sweep);
    for (const signal of SIGNALS) process.off(signal, this.#leave);
    this.#sweep();
  }
}

/** A port of this machine that nobody listens at now. */
export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

/** Settles when somebody listens at the port. @throws Error after ten seconds */
export async function listening(port: number): Promise<void> {
  const deadlineMs = performance.now() + LISTEN_MS;
  while (!(await answers(connect(port, "127.0.0.1")))) {
    if (performance.now() > deadlineMs) throw new Error(`nobody listens at port ${port}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function answers(socket: Socket): Promise<boolean> {
  return new Promise((resolve) => {
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
