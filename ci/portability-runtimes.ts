import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** A Node.js to run on, and an environment unlike that of the others. */
export interface Runtime {
  /** Its version; `pinned` is the one that every npm script runs on. */
  readonly version: string;
  readonly optional: boolean;
  readonly timeZone: string;
  readonly locale: string;
  readonly oldSpaceMib: number;
  readonly semiSpaceMib: number;
  readonly workerCount: number;
}

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const FETCH_MS_MAX = 240_000;

/** As installed with the other packages. */
export function pinnedNode(): { readonly version: string; readonly path: string } {
  const folder = join(root, "node_modules", "node");
  const { version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as { version: string };
  return { version, path: join(folder, "bin", executable()) };
}

/**
 * Fetches a Node.js with npm into a folder below `temporary`.
 *
 * @returns the path of its executable
 * @throws Error whose message is one line, if it cannot be had
 */
export async function fetchNode(version: string, temporary: string, signal: AbortSignal): Promise<string> {
  const name = packageName();
  const folder = join(temporary, `node-${version}`);
  mkdirSync(folder);
  const { code, stderr } = await run(
    "npm",
    [
      "install",
      "--prefix",
      folder,
      "--no-save",
      "--no-package-lock",
      "--ignore-scripts",
      "--no-audit",
      "--no-fund",
      "--loglevel=error",
    ].concat(`${name}@${version}`),
    { cwd: folder, env: process.env, msMax: FETCH_MS_MAX, signal, shell: process.platform === "win32" },
  );
  const path = join(folder, "node_modules", name, "bin", executable());
  if (code === 0 && existsSync(path)) return path;
  const reason = /npm error (?!code|A complete|$)(.*)/m.exec(stderr)?.[1] ?? `npm ended with ${code}`;
  throw new Error(`cannot be fetched: ${name}@${version}: ${reason}`);
}

/** What a program printed, and how it ended. */
export interface ProgramEnd {
  /** The exit code; `null` if it was killed or did not start. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end, or kills it after `msMax` milliseconds or when `signal` is aborted. */
export async function run(
  program: string,
  args: readonly string[],
  options: {
    readonly cwd: string;
    readonly env: NodeJS.ProcessEnv;
    readonly msMax: number;
    readonly signal: AbortSignal;
    readonly shell?: boolean;
  },
): Promise<ProgramEnd> {
  const { cwd, env, msMax, signal, shell = false } = options;
  const child = spawn(program, args, { cwd, env, shell, signal, timeout: msMax, stdio: ["ignore", "pipe", "pipe"] });
  const stdout = collect(child.stdout);
  const stderr = collect(child.stderr);
  const { promise, resolve } = Promise.withResolvers<ProgramEnd>();
  child.on("error", (error) => resolve({ code: null, stdout: "", stderr: error.message }));
  child.on("close", (code) => resolve({ code, stdout: stdout(), stderr: stderr() }));
  return promise;
}

/** Some megabytes are the result of a hundred scenarios; what comes after that is no result. */
const OUTPUT_CHARACTERS_MAX = 64 * 1024 * 1024;

function collect(stream: NodeJS.ReadableStream): () => string {
  let text = "";
  stream.setEncoding("utf8");
  stream.on("data", (chunk: string) => {
    if (text.length < OUTPUT_CHARACTERS_MAX) text += chunk;
  });
  return () => text;
}

/** The package that holds the executable of this platform: the same one that the package `node` installs. */
function packageName(): string {
  const platform = process.platform === "win32" ? "win" : process.platform;
  const prefix = process.platform === "darwin" && process.arch === "arm64" ? "node-bin" : "node";
  return `${prefix}-${platform}-${process.arch}`;
}

function executable(): string {
  return process.platform === "win32" ? "node.exe" : "node";
}
