import { expect, test } from "vitest";
import type { RunRecord } from "../history/run-record.ts";
import * as on from "../plan/index.ts";
import { resilverTarget } from "../target/resilver-target.ts";
import { hostPump } from "../world/sim/host-pump.ts";
import { runPlan } from "./run-plan.ts";

/** Frames are held back while a host writes; then the primary dies, and the other side takes over. */
function takenOver(mode: "sync" | "async"): on.Plan {
  return on.scenario({
    name: "taken over",
    requirements: ["LS-7"],
    topology: on.mirror({ sizeBytes: on.MiB(1), mode }),
    mayRefuse: true,
    steps: [
      on.create("pair"),
      on.wait(on.status("pair", "DUPLEX")),
      on.hold("link", "upstream"),
      on.together(on.workload("pvol", { writes: 20, onGone: "stop" }), on.after(on.ms(60), on.crash("a", "kill"))),
      on.wait(on.status("pair", "SPLIT", "secondary")),
      on.takeover("pair"),
      on.heal("link"),
      on.workload("svol", { writes: 5 }),
      on.restart("a"),
    ],
    expect: [on.converged()],
  });
}

async function recordOf(plan: on.Plan, recovery: boolean): Promise<RunRecord> {
  const parts = { target: resilverTarget("0"), pump: hostPump(), replay: "" };
  return (await runPlan(plan, { id: "a/b", seed: 1, repeat: false, recovery, ...parts })).record;
}

test("a takeover loses what was acknowledged and did not arrive: of an asynchronous mirror something, of a synchronous one nothing", async () => {
  const rpo = async (mode: "sync" | "async") =>
    (await recordOf(takenOver(mode), true)).recovery?.samples.filter(({ measure }) => measure === "rpo");
  expect(await rpo("sync")).toEqual([{ measure: "rpo", fault: "crash", ms: 0, bytes: 0 }]);
  const [lost] = (await rpo("async")) ?? [];
  expect(lost).toMatchObject({ fault: "crash" });
  expect(lost?.bytes).toBeGreaterThan(0);
  expect(lost?.ms).toBeGreaterThan(0);
});

test("a host that waits for a mirror that is held up waits for the fault, until it is served again", async () => {
  const { recovery } = await recordOf(
    on.scenario({
      name: "held",
      requirements: ["LS-5"],
      topology: on.mirror({ sizeBytes: on.MiB(1), mode: "sync" }),
      steps: [
        on.create("pair"),
        on.wait(on.status("pair", "DUPLEX")),
        on.together(
          on.workload("pvol", { writes: 30 }),
          on.when(on.written("pvol", 10), on.hold("link", "upstream"), on.after(on.ms(400), on.heal("link"))),
        ),
      ],
      expect: [on.converged()],
    }),
    true,
  );
  const [outage] = recovery?.samples.filter(({ measure }) => measure === "rto") ?? [];
  expect(outage?.fault).toBe("hold");
  expect(outage?.ms).toBeGreaterThan(390);
  expect(outage?.ms).toBeLessThan(500);
});

test("to measure changes nothing of the run", async () => {
  const [without, measured] = [await recordOf(takenOver("async"), false), await recordOf(takenOver("async"), true)];
  expect(without.recovery).toBeUndefined();
  expect(measured.historyHash).toBe(without.historyHash);
});
