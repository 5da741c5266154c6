import { expect, test } from "vitest";
import type { PairContents } from "../history/run-record.ts";
import * as on from "../plan/index.ts";
import { resilverTarget } from "../target/resilver-target.ts";
import { hostPump } from "../world/sim/host-pump.ts";
import { runPlan } from "./run-plan.ts";

async function contentsOf(isApart: boolean, seed = 1): Promise<readonly PairContents[] | undefined> {
  const plan = on.scenario({
    name: "written",
    requirements: ["LS-5"],
    topology: on.mirror({ sizeBytes: on.MiB(1), mode: "sync" }),
    steps: [
      on.create("pair"),
      on.wait(on.status("pair", "DUPLEX")),
      ...(isApart ? [on.split("pair")] : []),
      on.workload("pvol", { writes: 10 }),
    ],
    expect: isApart ? [] : [on.converged()],
  });
  const parts = { target: resilverTarget("0"), pump: hostPump(), replay: "", repeat: false };
  return (await runPlan(plan, { id: "a/b", seed, contents: true, ...parts })).record.contents;
}

test("at the end of a run it is told what both ends of each mirror hold: equal if they came together, else not", async () => {
  const [together, again, other] = [await contentsOf(false), await contentsOf(false), await contentsOf(false, 2)];
  expect(together).toEqual([
    { pair: "pair", primary: expect.stringMatching(/^[0-9a-f]{16}$/u), secondary: together?.[0]?.primary },
  ]);
  expect(again).toEqual(together);
  expect(other).not.toEqual(together);
  const [apart] = (await contentsOf(true)) ?? [];
  expect(apart?.primary).not.toBe(apart?.secondary);
});
