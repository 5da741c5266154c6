import { afterAll, beforeAll, expect, test } from "vitest";
import { tellingListener } from "../telling-listener.fixture.ts";
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
    listener: tellingListener(told, (error) => failures.push(error)),
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
