import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { create, mirror, scenario } from "../plan/index.ts";
import { targetTasks } from "./target-tasks.ts";
import { runRecorded } from "./run-recorded.ts";
import { simWorker } from "./sim-worker-module.ts";
import { withContainers } from "./with-containers.ts";

const plan = scenario({
  name: "a pair",
  requirements: ["BR-2"],
  topology: mirror({ mode: "sync" }),
  steps: [create("pair")],
  expect: [],
});
const terminal = { out: () => {}, err: () => {}, columns: 80, colour: false, interactive: false };
const root = new URL("../../", import.meta.url);
const parts = {
  worker: simWorker({ scenarioFolder: new URL("scenarios/", root), engineFolder: new URL("engine/", root) }),
  terminal,
  interrupt: new AbortController().signal,
};

async function verdictOn(manifest: object): Promise<readonly string[]> {
  const folder = mkdtempSync(join(tmpdir(), "resilver-target-tasks-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const target = join(folder, "target.json");
  writeFileSync(
    target,
    JSON.stringify({ name: "vendor", description: "x", image: "node:24-bookworm-slim", ...manifest }),
  );
  // Its id is of no shipped scenario, so a run that came as far as its plan would say so.
  const entries = [{ id: "smallest/link-suspension", name: plan.name, requirements: plan.requirements, plan }];
  const tasks = await targetTasks({}, entries, { target, seed: 1 });
  const nowhere = { record: () => {} };
  const records = await withContainers(() => runRecorded(parts, tasks, nowhere, { workerCount: 1, timeoutMs: 60_000 }));
  return records.flatMap((record) => [record.target ?? "", record.verdict, record.failures[0]?.message ?? ""]);
}

test("what is not declared is not applicable, and no node is started", async () => {
  expect(await verdictOn({ capabilities: [], image: "there-is-no-such-image" })).toEqual([
    "vendor",
    "NOT_APPLICABLE",
    expect.stringContaining("the target vendor cannot: "),
  ]);
});

test("a program that ends instead of becoming ready is the target's failure, with what it printed", async () => {
  const command = ["node", "-e", "console.log('no licence'); process.exit(3)"];
  const capabilities = ["sync", "split", "resync-reverse", "takeover", "split-read-write"];
  expect(await verdictOn({ capabilities, command })).toEqual([
    "vendor",
    "FAIL",
    expect.stringMatching(/ended with exit code 3:\s+no licence\n$/),
  ]);
});
