import { test } from "vitest";
import { randomConformance } from "../ports/random.conformance.ts";
import { NodeRandom } from "./node-random.ts";

randomConformance({
  test,
  open: () => new NodeRandom(),
  lacks: { repeatable: "draws come from the operating system" },
});
