import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
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
const begun = await loadTarget(join(fresh, "target.json"));

describe.each([
  ["QEMU is a target", qemu],
  ["what `resilver init target` makes is a target as it is", begun],
])("%s", (_, target) => {
  targetConformance({ test, capabilities: target.capabilities, withWorld: containerWorlds(() => stage, target) });
});
