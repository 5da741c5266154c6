import { expect, test } from "vitest";
import type { RunRecord } from "../history/run-record.ts";
import {
  connected,
  converged,
  crash,
  create,
  cut,
  diskWrite,
  eio,
  fill,
  heal,
  image,
  KiB,
  mirror,
  pause,
  type Plan,
  restart,
  resync,
  rollback,
  scenario,
  sequence,
  split,
  stall,
  status,
  step,
  takeover,
  together,
  wait,
  when,
  withImages,
  workload,
  write,
} from "../plan/index.ts";
import { resilverTarget } from "../target/resilver-target.ts";
import type { Target } from "../target/target.ts";
import { hostPump } from "../world/sim/host-pump.ts";
import { runPlan } from "./run-plan.ts";

const base = {
  name: "test",
  requirements: [],
  topology: mirror({ sizeBytes: KiB(32), mode: "sync" }),
  expect: [converged()],
  mayRefuse: true,
} as const;
const made = [create("pair"), wait(status("pair", "DUPLEX"))] as const;
const apart = [...made, cut("link"), wait(status("pair", "SPLIT"))] as const;
const engine = resilverTarget("x");

/** `whole` with one of its functions replaced. */
function altered<T extends object>(whole: T, name: keyof T, replaced: unknown): T {
  return new Proxy(whole, {
    get: (_whole, asked) => {
      if (asked === name) return replaced;
      const value = Reflect.get(whole, asked) as unknown;
      return typeof value === "function" ? (value.bind(whole) as unknown) : value;
    },
  });
}

async function recordOf(plan: Plan, target: Target = engine): Promise<RunRecord> {
  const limits = { virtualMsMax: 400_000 };
  const options = { id: "t", seed: 1, target, pump: hostPump(), replay: "", repeat: false, limits };
  return (await runPlan(plan, options)).record;
}

async function rulesOf(plan: Plan, target?: Target): Promise<string[]> {
  return (await recordOf(plan, target)).failures.map(({ rule }) => rule);
}

test("hosts that wait for a system that nobody starts, for a disk that stalls or a program that is paused, are helped", async () => {
  for (const fault of [crash("a", "power"), stall("pvol", ["write"]), pause("a")]) {
    const plan = scenario({ ...base, steps: [...made, fault, workload("pvol", { writes: 5 })] });
    expect(await rulesOf(plan)).toEqual(["L"]);
    expect(await recordOf({ ...plan, attended: true })).toMatchObject({
      failures: [],
      tolerated: ["a was waited for in vain: the operator let it go on"],
    });
  }
});

test.each([
  { fault: eio("a/meta", ["read", "write", "flush"]), what: "whose disk refuses it" },
  { fault: stall("a/meta", ["write"]), what: "whose disk stalls" },
])("a start $what, beside a moment that does not come, is waited for, and helped", async ({ fault }) => {
  const never = { ...when(diskWrite("svol", 1_000), heal("link")), withinMs: 240_000 };
  const plan = scenario({
    ...base,
    steps: [together(never, sequence(...made, crash("a", "power"), fault, restart("a"), heal("a/meta")))],
  });
  expect(await rulesOf(plan)).not.toEqual([]);
  expect(await recordOf({ ...plan, attended: true })).toMatchObject({
    failures: [],
    tolerated: ["a was waited for in vain: the operator let it go on"],
  });
});

test("a host that waits for anything else is not helped: the engine is to serve it", async () => {
  /** Writes to its volume are never done. */
  const hangs: Target = {
    ...engine,
    start: (config, ports) => {
      const disk = ports.disks.get("pvol");
      if (disk === undefined) return engine.start(config, ports);
      const hanging = altered(disk, "write", () => new Promise(() => {}));
      return engine.start(config, { ...ports, disks: new Map(ports.disks).set("pvol", hanging) });
    },
  };
  const steps = [stall("svol", ["write"]), crash("b", "kill"), write("pvol", { offsetBytes: 0, lengthBytes: 512 })];
  const record = await recordOf(scenario({ ...base, steps, attended: true }), hangs);
  expect(record).toMatchObject({ failures: [{ rule: "L" }], tolerated: [] });
});

test("where hosts may have written to both sides, the operator decides for the primary", async () => {
  const steps = [
    ...apart,
    takeover("pair"),
    workload("pvol", { writes: 5 }),
    workload("svol", { writes: 5 }),
    heal("link"),
    wait(connected("pair")),
  ];
  const plan = scenario({ ...base, steps });
  expect(await rulesOf(plan)).toEqual(["L"]);
  expect(await recordOf({ ...plan, attended: true })).toMatchObject({
    verdict: "PASS",
    tolerated: ["pair was apart at the end: the operator resynchronised it"],
  });
});

test.each([
  {
    mixture: "that a first copy left, split by a command",
    topology: base.topology,
    steps: [
      eio("pvol", ["read"]),
      create("pair"),
      wait(step("a", "pair.suspended")),
      split("pair"),
      heal("pvol"),
      resync("pair", { direction: "reverse" }),
    ],
  },
  {
    mixture: "that lost its image in the middle of a rollback",
    topology: withImages(base.topology, ["pvol"], { method: "old-data" }),
    steps: [
      ...apart,
      wait(image("pvol")),
      write("pvol", fill("what is to be undone")),
      eio("pvol-area", ["read"]),
      rollback("pvol"),
      write("pvol", { offsetBytes: 0, lengthBytes: KiB(4) }),
      crash("a", "power"),
      restart("a"),
      heal("pvol-area"),
      heal("link"),
      wait(connected("pair")),
    ],
  },
])("where one side is a mixture $mixture, the operator takes what the other one has", async ({ topology, steps }) => {
  const plan = scenario({ ...base, topology, steps });
  expect(await rulesOf(plan)).toEqual(["L"]);
  const { verdict, tolerated = [] } = await recordOf({ ...plan, attended: true });
  expect([verdict, tolerated.at(-1)]).toEqual(["PASS", "pair was apart at the end: the operator resynchronised it"]);
});

test("a pair that the plan leaves split stays so, and so does one whose resync was answered and is not carried out", async () => {
  /** Answers resyncs, and does nothing. */
  const idle: Target = {
    ...engine,
    start: (config, ports) => {
      const system = engine.start(config, ports);
      const admin: typeof system.admin = (command) =>
        command.kind === "resync" ? Promise.resolve() : system.admin(command);
      return altered(system, "admin", admin);
    },
  };
  const left = [...made, split("pair", { secondary: "read-write" }), wait(status("pair", "SPLIT"))] as const;
  expect(await rulesOf(scenario({ ...base, steps: left, attended: true }))).toEqual(["L"]);
  expect(await rulesOf(scenario({ ...base, steps: [...left, resync("pair")], attended: true }), idle)).toEqual(["L"]);
});
