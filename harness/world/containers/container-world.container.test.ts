import { expect, test } from "vitest";
import { worldConformance } from "../world.conformance.ts";
import { ContainerWorld } from "./container-world.ts";
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
