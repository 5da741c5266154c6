import { expect, test } from "vitest";
import {
  after,
  crash,
  KiB,
  localMirror,
  mark,
  ms,
  recover,
  restart,
  scenario,
  step,
  together,
  unchanged,
  when,
  withJournals,
  workload,
} from "../plan/index.ts";
import { resilverTarget } from "../target/resilver-target.ts";
import { hostPump } from "../world/sim/host-pump.ts";
import type { RunWorld } from "../world/run-world.ts";
import { Marks } from "./marks.ts";
import { runPlan } from "./run-plan.ts";

const volume = (name: string, sizeBytes: number) => ({ name, sizeBytes, trackBytes: KiB(8) });

test("a mark of a volume is a time of its own journal: one of no group may count another one", async () => {
  const plan = scenario({
    name: "two journals, each by itself",
    requirements: ["JR-4"],
    topology: {
      systems: [
        {
          name: "a",
          volumes: [
            volume("data", KiB(1)),
            volume("other", KiB(1)),
            volume("data-log", 23_040),
            volume("data-base", KiB(1)),
            volume("other-log", KiB(20)),
            volume("other-base", KiB(1)),
          ],
          journals: [
            { volume: "data", log: "data-log", base: "data-base" },
            { volume: "other", log: "other-log", base: "other-base" },
          ],
        },
      ],
      links: [],
      pairs: [],
      latencyUs: 200,
    },
    steps: [
      workload("data", { writes: 2 }),
      crash("a", "power"),
      restart("a"),
      together(
        workload("data", { writes: 4 }),
        mark("then", ["data"]),
        after(ms(1), recover("data", { to: "then", by: "time" })),
      ),
    ],
    expect: [],
    // Until its base is whole a journal has no moment to go back to.
    mayRefuse: true,
  });
  const target = resilverTarget("test");
  const pump = hostPump();
  let judged = 0;
  for (let seed = 0; seed < 120; seed++) {
    const { record } = await runPlan(plan, { id: "marks", seed, target, pump, replay: "", repeat: false });
    expect.soft(record.failures, `seed ${seed}`).toEqual([]);
    judged += record.checks.S ?? 0;
  }
  expect(judged).toBeGreaterThan(10);
});

test("a mark that was not set, as its moment did not come, is no mistake of the harness: what needs it is refused", async () => {
  const plan = scenario({
    name: "to a moment that was not marked",
    requirements: [],
    topology: withJournals(localMirror({ sizeBytes: KiB(16), generations: [] }), ["pvol"], { logBytes: KiB(64) }),
    steps: [
      { ...when(step("a", "no.such.step"), mark("then", ["pvol"])), withinMs: 1 },
      recover("pvol", { to: "then" }),
    ],
    expect: [unchanged("pvol", "then")],
  });
  const options = { id: "marks", seed: 1, target: resilverTarget("test"), pump: hostPump(), replay: "", repeat: false };
  const missing = "MARK_NOT_SET: mark then of pvol";
  const { record } = await runPlan(plan, options);
  const messages = [`steps[1]: recover of pvol was refused: ${missing}`, `expect[0]: ${missing}`];
  expect([record.verdict, record.failures.map(({ rule, message }) => `${rule} ${message}`)]).toEqual([
    "FAIL",
    messages.map((message) => `expectation ${message}`),
  ]);
  const { record: tolerant } = await runPlan({ ...plan, expect: [], mayRefuse: true }, options);
  expect(tolerant).toMatchObject({ failures: [], tolerated: messages.slice(0, 1) });
});

test("journals of one group have one time, the latest that any of them was read at", () => {
  const reports = [
    { volume: "log", newestLsn: 3, nowUs: 50 },
    { volume: "data", newestLsn: 4, nowUs: 70 },
    { volume: "other", newestLsn: 5, nowUs: 90 },
  ];
  const system = { serving: { journals: () => reports }, watchUs: () => 0 };
  const disk = { allocatedRanges: () => [] };
  const world = { systemOfVolume: () => system, view: () => disk } as unknown as RunWorld;
  const group = [
    { volume: "log", log: "l", base: "b", group: "g" },
    { volume: "data", log: "l", base: "b", group: "g" },
  ];
  const systems = [{ name: "a", volumes: [], journals: [...group, { volume: "other", log: "l", base: "b" }] }];
  const marks = new Marks(world, { systems }).set("then", ["log", "data", "other"]);
  expect(marks.map(({ timeUs }) => timeUs)).toEqual([70, 70, 90]);
});
