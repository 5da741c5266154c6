import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { after, converged, create, mirror, MiB, scenario, trace } from "../plan/index.ts";
import { resilverTarget } from "../target/resilver-target.ts";
import type { RunTask } from "./run-task.ts";
import { simTaskRunner } from "./sim-task-runner.ts";
import { isCallerError, oneLine } from "./usage-error.ts";

const shippedTraces = fileURLToPath(new URL("../../scenarios/traces/", import.meta.url));

function taskOf(traceName: string): RunTask {
  const plan = scenario({
    name: "a trace is mirrored",
    requirements: ["LS-5"],
    topology: mirror({ sizeBytes: MiB(32), mode: "sync" }),
    steps: [after(100, create("pair")), trace("pvol", traceName)],
    expect: [converged()],
  });
  return {
    id: "plan/x",
    name: plan.name,
    requirements: [],
    seed: 1,
    repeat: false,
    world: "sim",
    heavy: true,
    plan,
    replay: "",
  };
}

/** The error of a task whose trace lies in `traceFolder`. */
async function refusal(traceFolder: string, traceName: string): Promise<unknown> {
  const run = simTaskRunner({
    scenarios: { ids: () => [], load: () => Promise.reject(new Error("no scenario is needed")) },
    traceFolder,
    target: resilverTarget("test"),
  });
  return run(taskOf(traceName)).then(
    () => undefined,
    (error: unknown) => error,
  );
}

test("a trace that nobody knows is the caller's mistake, and the known ones are named", async () => {
  const error = await refusal(shippedTraces, "no-such-trace");
  expect(isCallerError(error)).toBe(true);
  expect(oneLine(String(error))).toMatch(/no-such-trace.*expected.*ext4-sqlite/);
});

test("a truncated trace is the caller's mistake, and the place in it is named", async () => {
  const folder = mkdtempSync(join(tmpdir(), "resilver-traces-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  copyFileSync(join(shippedTraces, "traces.json"), join(folder, "traces.json"));
  const whole = readFileSync(join(shippedTraces, "ext4-sqlite.dmlog.zst"));
  writeFileSync(join(folder, "ext4-sqlite.dmlog.zst"), whole.subarray(0, whole.length / 2));
  const error = await refusal(folder, "ext4-sqlite");
  expect(isCallerError(error)).toBe(true);
  expect(oneLine(String(error))).toMatch(/ext4-sqlite\.dmlog\.zst, .*byte \d+.*found.*expected/);
});
