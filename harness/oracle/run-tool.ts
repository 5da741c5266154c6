import { spawn } from "node:child_process";

const OUTPUT_BYTES_MAX = 64 * 1024;

/** An end of a child process. Output beyond 64 KiB a stream is dropped. */
export type ToolEnd =
  | { readonly kind: "exited"; readonly exitCode: number; readonly stdout: string; readonly stderr: string }
  /** It did not start, was killed, or took longer than allowed. */
  | { readonly kind: "failed"; readonly why: string };

export interface ToolOptions {
  readonly timeoutMs: number;
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs a program without a shell, in an environment of its own: only `LC_ALL=C`, `TZ=UTC` and `env`. */
export function runTool(path: string, args: readonly string[], options: ToolOptions): Promise<ToolEnd> {
  return new Promise((resolve) => {
    const child = spawn(path, args, {
      env: { LC_ALL: "C", TZ: "UTC", ...options.env },
      stdio: ["ignore", "pipe", "pipe"],
      timeout: options.timeoutMs,
      killSignal: "SIGKILL",
    });
    const killChild = (): void => void child.kill("SIGKILL");
    process.once("exit", killChild);
    const stdout = new BoundedText();
    const stderr = new BoundedText();
    child.stdout.on("data", (chunk: Uint8Array) => stdout.add(chunk));
    child.stderr.on("data", (chunk: Uint8Array) => stderr.add(chunk));
    const end = (outcome: ToolEnd): void => {
      process.off("exit", killChild);
      resolve(outcome);
    };
    child.once("error", (error) => end({ kind: "failed", why: `it did not start: ${error.message}` }));
    child.once("close", (exitCode, signal) => {
      if (exitCode !== null) end({ kind: "exited", exitCode, stdout: stdout.text(), stderr: stderr.text() });
      else if (child.killed) end({ kind: "failed", why: `it did not end within ${options.timeoutMs} ms` });
      else end({ kind: "failed", why: `it was ended by ${signal}` });
    });
  });
}

class BoundedText {
  readonly #chunks: Uint8Array[] = [];
  #sizeBytes = 0;

  add(chunk: Uint8Array): void {
    const kept = chunk.subarray(0, OUTPUT_BYTES_MAX - this.#sizeBytes);
    this.#sizeBytes += kept.length;
    if (kept.length > 0) this.#chunks.push(kept);
  }

  text(): string {
    return Buffer.concat(this.#chunks).toString("utf8");
  }
}
