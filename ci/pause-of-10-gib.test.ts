import { expect, test } from "vitest";
import { MiB } from "../harness/plan/index.ts";
import { runPlan } from "../harness/run/run-plan.ts";
import { resilverTarget } from "../harness/target/resilver-target.ts";
import { hostPump } from "../harness/world/sim/host-pump.ts";
import { pauseOfAVolume } from "../scenarios/shared/pause-of-a-volume.ts";

// The scenarios of the same name have volumes that containers can copy in a reasonable time.
test("hosts of a volume of 10 GiB pause for two flushes at most, as those of 1 MiB (SR-1)", {
  timeout: 120_000,
}, async () => {
  for (const [text, sizeBytes] of [
    ["1 MiB", MiB(1)],
    ["10 GiB", MiB(10_240)],
  ] as const) {
    const plan = pauseOfAVolume(text, sizeBytes);
    const options = { id: plan.name, seed: 1, target: resilverTarget("under test"), replay: "", repeat: false };
    const { record } = await runPlan(plan, { ...options, pump: hostPump() });
    expect([text, record.verdict, record.failures]).toEqual([text, "PASS", []]);
  }
});
