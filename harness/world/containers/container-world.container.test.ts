import { afterAll, beforeAll, expect, test } from "vitest";
import { worldConformance } from "../world.conformance.ts";
import { ContainerWorld } from "./container-world.ts";
import { Stage } from "./stage.ts";

let stage: Stage;

beforeAll(async () => {
  stage = await Stage.create();
});

afterAll(() => stage.close());

worldConformance(test, async (topology, body) => {
  const told: string[] = [];
  const failures: unknown[] = [];
  const prepared = await ContainerWorld.prepare(stage, topology, 1);
  const world = new ContainerWorld(prepared, {
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
  try {
    await body({ world, told, look });
  } finally {
    await world.close();
  }
  expect(failures).toEqual([]);
});
