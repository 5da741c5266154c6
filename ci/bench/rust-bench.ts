import { spawn } from "node:child_process";
import { join } from "node:path";

/** One line that a bench program prints. */
export interface RustResult {
  readonly transport: string;
  readonly messages: number;
  readonly seconds: number;
}

/** A bench program in Rust under `ci/bench/<folder>`, with its locked dependencies. */
export class RustBench {
  readonly name: string;
  readonly #directory: string;
  readonly #environment: Readonly<Record<string, string>>;

  constructor(name: string, environment: Readonly<Record<string, string>> = {}) {
    this.name = name;
    this.#directory = join(import.meta.dirname, name);
    this.#environment = environment;
  }

  /** Builds it. @returns why that was not possible; `undefined` on success */
  async build(): Promise<string | undefined> {
    try {
      await output("cargo", ["build", "--release", "--locked", "--quiet"], this.#directory, this.#environment);
      return undefined;
    } catch (error) {
      return `${this.name} left out: ${String(error).split("\n")[0]}`;
    }
  }

  async run(messages: number, seed: number): Promise<readonly RustResult[]> {
    const program = join(this.#directory, "target", "release", `bench-${this.name}`);
    const text = await output(program, [String(messages), String(seed)], this.#directory, this.#environment);
    return text
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as RustResult);
  }
}

function output(
  program: string,
  parameters: readonly string[],
  directory: string,
  environment: Readonly<Record<string, string>>,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, parameters, { cwd: directory, env: { ...process.env, ...environment } });
    const [stdout, stderr]: [string[], string[]] = [[], []];
    child.stdout.setEncoding("utf8").on("data", (text: string) => stdout.push(text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => stderr.push(text));
    child.once("error", reject);
    child.once("close", (code) => {
      if (code === 0) resolve(stdout.join(""));
      else reject(new Error(`${program} ended with ${code}: ${stderr.join("").trim().split("\n").at(-1) ?? ""}`));
    });
  });
}
