import { afterAll, beforeAll, test } from "vitest";
import { worldConformance } from "../world.conformance.ts";
import { containerWorlds } from "./container-worlds.ts";
import { Stage } from "./stage.ts";

let stage: Stage;

beforeAll(async () => {
  stage = await Stage.create();
});

afterAll(() => stage.close());

worldConformance(
  test,
  containerWorlds(() => stage),
);
