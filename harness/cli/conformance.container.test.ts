import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ConformanceTest } from "../../engine/ports/conformance.ts";
import { targetConformance } from "../target/target.conformance.ts";
import { containerWorlds } from "../world/containers/container-worlds.ts";
import { loadTarget } from "../world/containers/outside/load-target.ts";
import { Stage } from "../world/containers/stage.ts";
import { initCommand } from "./init-command.ts";

const root = new URL("../../", import.meta.url);
const scratch = mkdtempSync(join(tmpdir(), "resilver-conformance-"));
const fresh = join(scratch, "fresh");
const template = { template: new URL("targets/template/", root), built: new URL("dist/target-template/", root) };
const terminal = { out: () => {}, err: () => {}, columns: 80, colour: false, interactive: false };
expect(initCommand({ terminal, calledAs: "resilver", template }, fresh)).toBe(0);

let stage: Stage;

beforeAll(async () => {
  stage = await Stage.create();
});

afterAll(async () => {
  await stage.close();
  rmSync(scratch, { recursive: true });
});

const qemu = await loadTarget(fileURLToPath(new URL("targets/qemu.json", root)));
const gluster = await loadTarget(fileURLToPath(new URL("targets/gluster.json", root)));
const begun = await loadTarget(join(fresh, "target.json"));

describe.each([
  ["QEMU is a target", qemu],
  ["what `resilver init target` makes is a target as it is", begun],
])("%s", (_, target) => {
  targetConformance({ test, capabilities: target.capabilities, withWorld: containerWorlds(() => stage, target) });
});

// What is of this target alone: copies that nodes serve, of pairs that are in step, split, and healed. All cases take minutes.
const SHORT = new Set([
  "each volume is served, of its size, and byte n lies at byte n of its disk, or of the copy that is kept",
  "a split keeps the secondary as it is, until a resync",
]);

describe("GlusterFS, which keeps volumes itself, is a target", () => {
  const told = new Set<string>();
  const each: ConformanceTest = test;
  const short: ConformanceTest = (name, body) => {
    told.add(name);
    if (SHORT.has(name)) each(name, body);
  };
  targetConformance({
    test: short,
    capabilities: gluster.capabilities,
    withWorld: containerWorlds(() => stage, gluster),
  });
  test("the cases that are taken are among those that there are", () => {
    expect([...SHORT].filter((name) => !told.has(name))).toEqual([]);
  });
});
