import { expect, test } from "vitest";
import {
  converged,
  create,
  crash,
  cut,
  KiB,
  lostWrite,
  mirror,
  parsePlan,
  scenario,
  split,
  steady,
} from "../plan/index.ts";
import type { Step } from "../plan/step.ts";
import type { RunRecord } from "../history/run-record.ts";
import { resilverTarget } from "../target/resilver-target.ts";
import { hostPump } from "../world/sim/host-pump.ts";
import { runPlan } from "./run-plan.ts";

async function run(steps: readonly Step[], mode: "sync" | "async" = "sync"): Promise<RunRecord> {
  const topology = mirror({ sizeBytes: KiB(100) + 512, mode });
  const plan = parsePlan({
    ...scenario({ name: "test", requirements: [], topology, steps: [create("pair")], expect: [converged()] }),
    steps: [create("pair"), ...steps],
    mayRefuse: true,
  });
  const options = { id: "t", seed: 1, target: resilverTarget(""), pump: hostPump(), replay: "", repeat: false };
  return (await runPlan(plan, options)).record;
}

test.each(["sync", "async"] as const)("a %s mirror that is well is found to be", async (mode) => {
  const { failures, checks } = await run([steady(["pair"]), steady(["pair"])], mode);
  expect(failures).toEqual([]);
  // Each time, and at the end.
  expect(checks.C).toBe(3);
});

test.each<[string, Step[], RegExp]>([
  ["split", [split("pair")], /no steady state: after 500 ms pair: .*SPLIT \(operator\)/],
  ["cut", [cut("link")], /no steady state: after 500 ms pair: .*not connected/],
  ["without one of its systems", [crash("b", "kill")], /no steady state: after 500 ms pair: .*b is down/],
])("a mirror that is %s is not steady, and no plan tolerates it", async (_what, faults, message) => {
  const { failures, verdict } = await run([
    steady(["pair"]),
    ...faults,
    { kind: "workload", volume: "pvol", writes: 5 },
    steady(["pair"], { withinMs: 500 }),
  ]);
  expect(verdict).toBe("FAIL");
  expect(failures.map(({ message: text }) => text)).toContainEqual(expect.stringMatching(message));
});

test("volumes that differ are found at once, not at the end of the plan", async () => {
  const { failures } = await run([lostWrite("svol"), steady(["pair"])]);
  expect(failures.map(({ rule }) => rule)).toContain("C");
});
