import { expect, test } from "vitest";
import {
  after,
  converged,
  crash,
  create,
  cut,
  expectRefused,
  fill,
  heal,
  KiB,
  lostWrite,
  mirror,
  ms,
  pause,
  type Plan,
  restart,
  resume,
  scenario,
  split,
  status,
  together,
  violates,
  wait,
  when,
  workload,
  write,
  written,
} from "../plan/index.ts";
import { hostPump } from "../world/sim/host-pump.ts";
import { toyTarget } from "./fixtures/toy-target.ts";
import { type RunPlanOptions, runPlan } from "./run-plan.ts";

const topology = mirror({ sizeBytes: KiB(256), trackBytes: KiB(8), mode: "sync" });
const run = (plan: Plan, options: Partial<RunPlanOptions> = {}) =>
  runPlan(plan, { id: "test", seed: 1, target: toyTarget(), pump: hostPump(), replay: "", ...options });
const base = { name: "test", requirements: ["BR-4"], topology };

const faults = scenario({
  ...base,
  steps: [
    write("pvol", fill("before")),
    create("pair"),
    wait(status("pair", "DUPLEX")),
    together(
      workload("pvol", { writes: 100, flushEvery: 10, trim: 0.1, fua: 0.2 }),
      when(written("pvol", 20), cut("link"), after(ms(30), heal("link"))),
      when(written("pvol", 40), crash("b", "power"), after(ms(20), restart("b"))),
      when(written("pvol", 60), crash("a", "kill"), after(ms(20), restart("a"))),
      when(written("pvol", 80), pause("b"), after(ms(15), resume("b"))),
    ),
  ],
  expect: [converged()],
});

test("a mirror survives cut, crashes and a pause, and every fault took effect", async () => {
  const { record } = await run(faults);
  expect(record.failures).toEqual([]);
  expect(record).toMatchObject({ verdict: "PASS", vacuous: false });
  expect(record.faults).toEqual([
    { kind: "cut", on: "link", injected: 1, effective: 1 },
    { kind: "crash", on: "b", injected: 1, effective: 1 },
    { kind: "crash", on: "a", injected: 1, effective: 1 },
    { kind: "pause", on: "b", injected: 1, effective: 1 },
  ]);
  expect(record.events).toBeGreaterThan(1000);
});

test("the same seed gives the same history, another seed another", async () => {
  const [first, again, other] = [await run(faults), await run(faults), await run(faults, { seed: 2 })];
  expect(again.record.historyHash).toBe(first.record.historyHash);
  expect(other.record.historyHash).not.toBe(first.record.historyHash);
});
