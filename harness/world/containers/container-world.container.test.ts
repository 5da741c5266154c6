import { expect, test } from "vitest";
import cutWhileDuplex from "../../../scenarios/link-suspension/cut-while-duplex-sync.ts";
import powerLosses from "../../../scenarios/link-suspension/secondary-power-loss-in-every-state.ts";
import lostWrite from "../../../scenarios/detection/lost-write-on-the-secondary.ts";
import { worldConformance } from "../world.conformance.ts";
import { ContainerWorld } from "./container-world.ts";
import { runInContainers } from "./run-in-containers.ts";
import { ContainerRuntime } from "./runtime/container-runtime.ts";

worldConformance(test, async (topology, body) => {
  const runtime = await ContainerRuntime.connect();
  const told: string[] = [];
  const failures: unknown[] = [];
  try {
    const world = await ContainerWorld.create({
      runtime,
      topology,
      seed: 1,
      listener: {
        systemDown: (system, kind) => told.push(`down ${system} ${kind}`),
        systemUp: (system) => told.push(`up ${system}`),
        linkCut: (link) => told.push(`cut ${link}`),
        linkHealed: (link) => told.push(`healed ${link}`),
        step: () => {},
        targetFailed: (_system, error) => failures.push(error),
      },
      onLook: async (take, ask) => {
        await take();
        await ask();
      },
      onFailure: (error) => failures.push(error),
    });
    const look = async (): Promise<void> => {
      await world.settled();
      await world.look();
    };
    await body({ world, told, look });
    await world.close();
  } finally {
    await runtime.close();
  }
  expect(failures).toEqual([]);
});

test.each([
  ["a cut under synchronous writes", cutWhileDuplex],
  ["power losses of the secondary in every state", powerLosses],
  ["a lost write that must be found, and blamed on the disk", lostWrite],
])("scenario: %s", async (id, plan) => {
  const { verdict, failures, checks } = await runInContainers(plan, { id, seed: 1, replay: "" });
  expect({ verdict, failures }).toEqual({ verdict: "PASS", failures: [] });
  expect(checks.A).toBeGreaterThan(10);
});
