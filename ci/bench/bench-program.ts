import { spawn } from "node:child_process";
import { join } from "node:path";

/** One line that a ping-pong program prints. */
export interface PingPongResult {
  readonly transport: string;
  readonly messages: number;
  readonly seconds: number;
}

/** A ping-pong program: every contender runs in a process of its own, so that none disturbs another. */
export interface BenchProgram {
  readonly name: string;
  /** Makes it ready. @returns why that was not possible; `undefined` on success */
  build(): Promise<string | undefined>;
  run(messages: number, seed: number): Promise<readonly PingPongResult[]>;
}

/** The program in Rust under `ci/bench/<name>`, with its locked dependencies. */
export function rustProgram(name: string, environment: Readonly<Record<string, string>> = {}): BenchProgram {
  const directory = join(import.meta.dirname, name);
  return {
    name,
    build: async () => {
      try {
        await output("cargo", ["build", "--release", "--locked", "--quiet"], directory, environment);
        return undefined;
      } catch (error) {
        return `${name} left out: ${String(error).split("\n")[0]}`;
      }
    },
    run: async (messages, seed) =>
      resultsOf(
        await output(join(directory, "target", "release", `bench-${name}`), [messages, seed].map(String), directory),
      ),
  };
}

/** Our own, one process a transport. */
export function ownProgram(transports: readonly string[]): BenchProgram {
  const directory = import.meta.dirname;
  const program = join(directory, "ping-pong-main.ts");
  return {
    name: "resilver",
    build: () => Promise.resolve(undefined),
    run: async (messages, seed) => {
      const results: PingPongResult[] = [];
      for (const transport of transports) {
        const parameters = [...process.execArgv, program, transport, String(messages), String(seed)];
        results.push(...resultsOf(await output(process.execPath, parameters, directory)));
      }
      return results;
    },
  };
}

function resultsOf(text: string): PingPongResult[] {
  const lines = text.trim().split("\n");
  return lines.map((line) => JSON.parse(line) as PingPongResult);
}

function output(
  program: string,
  parameters: readonly string[],
  directory: string,
  environment: Readonly<Record<string, string>> = {},
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
