import { expect, test } from "vitest";
import { toolAvailability } from "./availability.ts";
import { judgeByE2fsck } from "./e2fsck.ts";
import { findTool } from "./find-tool.ts";
import { runTool } from "./run-tool.ts";

const node = (script: string, timeoutMs = 30_000): ReturnType<typeof runTool> =>
  runTool(process.execPath, ["-e", script], { timeoutMs });

test("a tool's exit code and output are told, its environment is pinned", async () => {
  const end = await node("console.log(process.env.LC_ALL, process.env.TZ, process.env.PATH); process.exitCode = 3");
  expect(end).toEqual({ kind: "exited", exitCode: 3, stdout: "C UTC undefined\n", stderr: "" });
});

test("output beyond the limit is dropped", async () => {
  const end = await node("process.stdout.write('x'.repeat(1_000_000))");
  expect(end).toMatchObject({ kind: "exited", exitCode: 0, stdout: "x".repeat(64 * 1024) });
});

test("a tool that does not end is killed", async () => {
  const end = await node("for (;;);", 100);
  expect(end).toEqual({ kind: "failed", why: "it did not end within 100 ms" });
});

test("a tool that dies of a signal has failed", async () => {
  expect(await node("process.kill(process.pid, 'SIGTERM')")).toEqual({
    kind: "failed",
    why: "it was ended by SIGTERM",
  });
});

test("a judge that is not there is unknown, never a pass", async () => {
  const judgement = await judgeByE2fsck("/nonexistent/image", { e2fsck: "/nonexistent/e2fsck" });
  expect(judgement.outcome).toBe("unknown");
  expect(judgement.why).toContain("did not start");
});

test("a file that does not exist is not accepted", async () => {
  expect((await judgeByE2fsck("/nonexistent/image")).outcome).toBe("refused");
});

test("tools are found outside the PATH, and only executables are", () => {
  expect(findTool("e2fsck", "/nonexistent")).toMatch(/sbin\/e2fsck$/);
  expect(findTool("passwd", "/etc")).toBeUndefined();
  expect(findTool("no-such-tool-anywhere")).toBeUndefined();
});

test("every tool says what is lost without it", async () => {
  const tools = await toolAvailability();
  expect(tools.map(({ name }) => name)).toEqual(["e2fsck", "debugfs", "node:sqlite", "node:zlib zstd"]);
  for (const { lostWithout, remedy, present, version } of tools) {
    expect(lostWithout).not.toBe("");
    expect(remedy).not.toBe("");
    if (present) expect(version).toMatch(/^\d+\.\d+/);
  }
});
