import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { Scratch } from "./scratch.ts";

const parent = mkdtempSync(join(tmpdir(), "resilver-scratch-test-"));
afterAll(() => rmSync(parent, { recursive: true }));
const module = new URL("scratch.ts", import.meta.url).href;

/** How a process ends that made a scratch directory with a file in it and then did `last`. */
function endOf(last: string): Promise<{ readonly exitCode: number | null; readonly stdout: string }> {
  const script = `
    import { readdirSync, writeFileSync } from "node:fs";
    const { Scratch } = await import(${JSON.stringify(module)});
    const scratch = new Scratch(${JSON.stringify(parent)});
    writeFileSync(scratch.directory + "/file", "");
    console.log(readdirSync(${JSON.stringify(parent)}).length);
    ${last}`;
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    let stdout = "";
    child.stdout.on("data", (chunk: Uint8Array) => {
      stdout += Buffer.from(chunk).toString();
    });
    child.once("close", (exitCode) => resolve({ exitCode, stdout }));
  });
}

test.each([
  ["an interrupt", "process.kill(process.pid, 'SIGINT'); setInterval(() => {}, 1000)", 130],
  ["a termination", "process.kill(process.pid, 'SIGTERM'); setInterval(() => {}, 1000)", 143],
  ["an uncaught error", "throw new Error('x')", 1],
  [
    "an interrupt that others handle",
    "process.on('SIGINT', () => process.exit(7)); process.kill(process.pid, 'SIGINT'); setInterval(() => {}, 1000)",
    7,
  ],
  ["its end", "", 0],
])("after %s nothing is left", async (_, last, exitCode) => {
  expect(await endOf(last)).toEqual({ exitCode, stdout: "1\n" });
  expect(readdirSync(parent)).toEqual([]);
});

test("closing removes the directory and the listeners, twice as well", () => {
  const listeners = process.listenerCount("SIGINT");
  const first = new Scratch(parent);
  const second = new Scratch();
  expect(process.listenerCount("SIGINT")).toBe(listeners + 1);
  for (const scratch of [first, second, first]) scratch.close();
  expect([first, second].map(({ directory }) => existsSync(directory))).toEqual([false, false]);
  expect(process.listenerCount("SIGINT")).toBe(listeners);
});
