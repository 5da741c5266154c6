import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { EngineProcesses } from "./engine-processes.ts";

/** Writes a line each millisecond to the file that its configuration names; ends at once if that says so. */
const PROGRAM = `
const fs = require("node:fs");
const config = fs.readFileSync(0, "utf8");
if (config === "end") process.exit(3);
setInterval(() => fs.appendFileSync(config, process.pid + "\\n"), 1);
`;

interface Rig {
  readonly engines: EngineProcesses;
  readonly folder: string;
  /** Where what is told "told" writes. */
  readonly told: string;
  lines(): readonly string[];
}

function rig(): Rig {
  const scratch = mkdtempSync(join(tmpdir(), "resilver-machine-test-"));
  const folder = join(scratch, "folder");
  mkdirSync(folder);
  const command = [process.execPath, "-e", PROGRAM];
  const engines = new EngineProcesses({ command, folder, alsoWritable: [] });
  onTestFinished(async () => {
    await engines.close();
    rmSync(scratch, { recursive: true });
  });
  const told = join(scratch, "told");
  return { engines, folder, told, lines: () => (existsSync(told) ? readFileSync(told, "utf8").split("\n") : []) };
}

const some = (lines: () => readonly string[], more: number): Promise<void> =>
  expect.poll(() => lines().length, { timeout: 10_000 }).toBeGreaterThan(more);

test("an engine has its files, for nobody else to read, and its configuration; the next one is another process", async () => {
  const { engines, folder, told, lines } = rig();
  engines.boot({ files: { [join(folder, "keys/a.key")]: "secret" }, config: told });
  expect(readFileSync(join(folder, "keys/a.key"), "utf8")).toBe("secret");
  expect(statSync(join(folder, "keys/a.key")).mode & 0o777).toBe(0o600);
  await some(lines, 3);
  expect(engines.end).toBe("");
  await engines.kill();
  expect(engines.end).toBe("SIGKILL");
  const [first] = lines();
  const count = lines().length;
  engines.boot({ files: {}, config: told });
  await some(lines, count + 3);
  expect(lines().at(-2)).not.toBe(first);
});

test("a second engine beside the first is refused", async () => {
  const { engines, told, lines } = rig();
  engines.boot({ files: {}, config: told });
  expect(() => engines.boot({ files: {}, config: told })).toThrow("an engine runs already");
  await some(lines, 3);
});

test("of a paused engine no instruction is run, until it goes on", async () => {
  const { engines, told, lines } = rig();
  engines.boot({ files: {}, config: told });
  await some(lines, 3);
  await engines.pause();
  const count = lines().length;
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(lines()).toHaveLength(count);
  engines.resume();
  await some(lines, count);
});

test("a paused engine is killed, and runs no instruction more", async () => {
  const { engines, told, lines } = rig();
  engines.boot({ files: {}, config: told });
  await some(lines, 3);
  await engines.pause();
  const count = lines().length;
  await engines.kill();
  expect([engines.end, lines().length]).toEqual(["SIGKILL", count]);
});

test("an engine that ends by itself is told of, and the next one starts", async () => {
  const { engines, told, lines } = rig();
  engines.boot({ files: {}, config: "end" });
  await expect.poll(() => engines.end, { timeout: 10_000 }).toBe("exit code 3");
  engines.boot({ files: {}, config: told });
  await some(lines, 3);
});

test("a reset ends the engine and forgets its files", async () => {
  const { engines, folder, told, lines } = rig();
  engines.boot({ files: { [join(folder, "keys/a.key")]: "secret", [join(folder, "token")]: "secret" }, config: told });
  await some(lines, 3);
  expect(engines.left()).toContain(`file ${join(folder, "keys")}`);
  await engines.reset();
  const count = lines().length;
  expect(readdirSync(folder)).toEqual([]);
  expect(engines.left().filter((what) => what.includes(folder))).toEqual([]);
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect([engines.end, lines().length]).toEqual(["", count]);
});
