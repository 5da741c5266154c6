import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, test } from "vitest";
import { targetConformance } from "../../../target/target.conformance.ts";
import { containerWorlds } from "../container-worlds.ts";
import { Stage } from "../stage.ts";
import { loadTarget } from "./load-target.ts";

const target = await loadTarget(fileURLToPath(new URL("../../../../targets/qemu.json", import.meta.url)));
let stage: Stage;

beforeAll(async () => {
  stage = await Stage.create();
});

afterAll(() => stage.close());

describe("QEMU is a target", () => {
  targetConformance({ test, capabilities: target.capabilities, withWorld: containerWorlds(() => stage, target) });
});
