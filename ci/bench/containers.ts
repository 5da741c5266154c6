import { availableParallelism, loadavg } from "node:os";
import { loadAll, scenarioFiles } from "../../harness/cli/scenario-files.ts";
import { mirror } from "../../harness/plan/index.ts";
import { type Plan, parsePlan } from "../../harness/plan/plan.ts";
import { runPlan } from "../../harness/run/run-plan.ts";
import { resilverTarget } from "../../harness/target/resilver-target.ts";
import { NODE_IMAGE } from "../../harness/world/containers/base-images.ts";
import { ContainerWorld } from "../../harness/world/containers/container-world.ts";
import { runInContainers } from "../../harness/world/containers/run-in-containers.ts";
import { httpReady } from "../../harness/world/containers/runtime/container-spec.ts";
import { Stage } from "../../harness/world/containers/stage.ts";
import { hostPump } from "../../harness/world/sim/host-pump.ts";
import { barAtMost, sampleOf, type Section, secondsOf } from "./measure.ts";

/** A world of two systems may take so long until a host's first write is acknowledged, its images being built. */
const START_S_MAX = 4;
/** A scenario on a stage that is used again may take so much longer than its virtual time. */
const OVERHEAD_S_MAX = 3;

/** The last one with six crashes, each with a start after it. */
const OVERHEAD_OF = [
  "link-suspension/cut-while-duplex-sync",
  "link-suspension/slow-link",
  "smallest/link-suspension",
  "concurrent-restore/down-at-each-step",
];
const IDLE = `require("node:http").createServer((_, response) => response.end("ok")).listen(8080)`;

/** From nothing to the first write that both ends have. */
export async function worldStart(runs: number): Promise<Section> {
  const [whole, again, idle]: [number[], number[], number[]] = [[], [], []];
  for (let run = 0; run < runs; run++) {
    const startMs = performance.now();
    const stage = await Stage.create();
    try {
      const first = await writtenWorld(stage);
      whole.push((performance.now() - startMs) / 1000);
      await first.close();
      const againMs = performance.now();
      const second = await writtenWorld(stage);
      again.push((performance.now() - againMs) / 1000);
      await second.close();
      idle.push(await secondsOf(() => idleContainers(stage)));
    } finally {
      await stage.close();
    }
  }
  const start = sampleOf("world of two systems to the first acknowledged write", "s", whole);
  return {
    name: "start",
    how: "Engines, disks, Toxiproxy and their network; the pair is made, and a write is acknowledged. In turns with two containers of Node.js that do nothing.",
    samples: [
      start,
      sampleOf("the same, on a stage that was there", "s", again),
      sampleOf("two containers with a web server that does nothing", "s", idle),
    ],
    bars: [barAtMost(`start, of ${START_S_MAX} s`, start.median / START_S_MAX, 1)],
    notes: [busy()],
  };
}

/** Real time beyond virtual time. */
export async function scenarioOverhead(runs: number): Promise<Section> {
  const entries = await loadAll(scenarioFiles(new URL("../../scenarios/", import.meta.url)));
  const stage = await Stage.create();
  try {
    const samples = [];
    for (const id of OVERHEAD_OF) {
      const plan = parsePlan(entries.find((entry) => entry.id === id)?.plan);
      const virtualMs = await virtualMsOf(id, plan);
      const overheads: number[] = [];
      for (let run = 0; run < runs; run++) {
        const { wallMs, verdict } = await runInContainers(plan, { id, seed: 1 + run, replay: "", stage });
        if (verdict !== "PASS") throw new Error(`${id}: ${verdict}`);
        overheads.push((wallMs - virtualMs) / 1000);
      }
      samples.push(sampleOf(id, "s", overheads));
    }
    return {
      name: "overhead",
      how: "How much longer scenarios take on containers than in virtual time, on a stage that is used again.",
      samples,
      bars: samples.map(({ name, median }) => barAtMost(`${name}, of ${OVERHEAD_S_MAX} s`, median / OVERHEAD_S_MAX, 1)),
      notes: [busy()],
    };
  } finally {
    await stage.close();
  }
}

/** A world in which a write was acknowledged. */
async function writtenWorld(stage: Stage): Promise<ContainerWorld> {
  const failures: unknown[] = [];
  const world = new ContainerWorld(await ContainerWorld.prepare(stage, mirror({ mode: "sync" }), 1), {
    seed: 1,
    listener: {
      systemDown: () => {},
      systemUp: () => {},
      linkCut: () => {},
      linkHealed: () => {},
      step: () => {},
      targetFailed: (_system, error) => failures.push(error),
    },
    onFailure: (error) => failures.push(error),
  });
  await world.start();
  const { serving } = world.system("a");
  if (serving === undefined || failures.length > 0) throw new AggregateError(failures, "the world did not start");
  const pair = { pair: "pair", volume: "pvol", link: "link", peerVolume: "svol", mode: "sync" } as const;
  await serving.admin({ kind: "create", ...pair });
  await serving.device("pvol").write(0, new Uint8Array(4096).fill(1));
  return world;
}

async function idleContainers({ runtime, network }: Stage): Promise<void> {
  await Promise.all(
    ["idle-1", "idle-2"].map((name) =>
      runtime.start({
        name,
        image: NODE_IMAGE,
        network,
        ports: [8080],
        command: ["node", "-e", IDLE],
        ready: httpReady(8080, "/"),
      }),
    ),
  );
}

async function virtualMsOf(id: string, plan: Plan): Promise<number> {
  const options = { id, seed: 1, replay: "", repeat: false, pump: hostPump(), target: resilverTarget("bench") };
  return (await runPlan(plan, options)).record.virtualMs;
}

function busy(): string {
  const load = (loadavg()[0] ?? 0).toFixed(1);
  return `${availableParallelism()} processors; in the last minute ${load} programs of this machine wanted one`;
}
