import { expect, test } from "vitest";
import { NS_PER_MS } from "../../engine/ports/index.ts";
import type { RecoverySample, RunRecord } from "../history/run-record.ts";
import * as on from "../plan/index.ts";
import { resilverTarget } from "../target/resilver-target.ts";
import { hostPump } from "../world/sim/host-pump.ts";
import { DEFAULT_LIMITS } from "./limits.ts";
import { runOnce, type RunOnceOptions } from "./run-once.ts";
import type { RunWorld } from "../world/run-world.ts";
import { RecoveryWatch } from "./recovery-watch.ts";
import { runPlan } from "./run-plan.ts";

/** Frames are held back while a host writes; then the primary dies, and the other side takes over. */
function takenOver(mode: "sync" | "async", isSudden = false): on.Plan {
  const crash = on.crash("a", "kill");
  const blow = isSudden ? on.when(on.written("pvol", 20), crash) : on.after(on.ms(60), crash);
  return on.scenario({
    name: "taken over",
    requirements: ["LS-7"],
    topology: on.mirror({ sizeBytes: on.MiB(1), mode }),
    mayRefuse: true,
    steps: [
      on.create("pair"),
      on.wait(on.status("pair", "DUPLEX")),
      on.hold("link", "upstream"),
      on.together(on.workload("pvol", { writes: isSudden ? 500 : 20, onGone: "stop" }), blow),
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

/** By a look at all disks every 15 ms, as on containers, or by what they hold at each moment. */
async function rpoOf(seed: number, sampling?: RunOnceOptions["sampling"]): Promise<RecoverySample | undefined> {
  const { recovery } = await runOnce(takenOver("async", true), {
    ...{ seed, target: resilverTarget("0"), pump: hostPump(), limits: DEFAULT_LIMITS, recovery: true },
    ...{ traces: new Map(), oracles: new Map(), fileSystems: undefined, checkBuffers: false, census: false },
    ...(sampling === undefined ? {} : { sampling }),
  });
  return recovery?.samples.find(({ measure }) => measure === "rpo");
}

test("who looks at the disks now and then comes to the same loss, also of what was answered just before the primary died", async () => {
  const lost = new Set<number | undefined>();
  for (let seed = 1; seed <= 8; seed++) {
    const exact = await rpoOf(seed);
    expect(await rpoOf(seed, { everyNs: 15 * NS_PER_MS, lagNs: NS_PER_MS }), `seed ${seed}`).toEqual(exact);
    lost.add(exact?.bytes);
  }
  expect(lost.size).toBeGreaterThan(2);
});

test("where the disks are looked at later, and a host wrote at the new primary meanwhile, nobody knows what it lacked", () => {
  let nowNs = 0;
  const report = { pair: "pair", status: "DUPLEX" };
  const system = { serving: { pairs: () => [report] } };
  const world = { nowNs: () => nowNs, systems: [system, system] } as unknown as RunWorld;
  const topology = on.mirror({ mode: "async" });
  const lossOf = (write: boolean): readonly RecoverySample[] => {
    const watch = new RecoveryWatch(world, topology);
    watch.look();
    const measure = watch.takenOver("pair", nowNs);
    nowNs++;
    if (write) watch.requested("svol", true)(true);
    measure?.({ sectorCount: 2, oldestNs: 0 });
    return watch.times().samples;
  };
  expect(lossOf(false)).toMatchObject([{ measure: "rpo", bytes: 1024 }]);
  expect(lossOf(true)).toEqual([]);
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

test("each injection is counted by what the mirror was like before it struck", async () => {
  const cutAndHeal = [on.cut("link"), on.wait(on.status("pair", "SPLIT", "primary"))];
  const plan = on.scenario({
    name: "struck in every state",
    requirements: ["LS-5"],
    topology: on.mirror({ sizeBytes: on.MiB(1), mode: "sync" }),
    steps: [
      on.latency("link", "upstream", { latencyMs: 1 }),
      on.heal("link"),
      on.create("pair"),
      on.wait(on.status("pair", "DUPLEX")),
      ...cutAndHeal,
      on.workload("pvol", { writes: 20 }),
      on.crash("b", "kill"),
      on.restart("b"),
    ],
    expect: [on.converged()],
  });
  const struckOf = ({ faults }: RunRecord): unknown => faults.map(({ kind, struck }) => [kind, struck]);
  expect(struckOf(await recordOf(plan, true))).toEqual([
    ["latency", { SIMPLEX: [1, 0] }],
    ["cut", { DUPLEX: [1, 1] }],
    ["crash", { SPLIT: [1, 1] }],
  ]);
  expect(struckOf(await recordOf(plan, false))).toEqual([
    ["latency", undefined],
    ["cut", undefined],
    ["crash", undefined],
  ]);
});

test("to measure changes nothing of the run", async () => {
  const [without, measured] = [await recordOf(takenOver("async"), false), await recordOf(takenOver("async"), true)];
  expect(without.recovery).toBeUndefined();
  expect(measured.historyHash).toBe(without.historyHash);
});
