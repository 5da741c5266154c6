import { expect, test } from "vitest";
import {
  after,
  bitRot,
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

test("a plan that cannot do with what the target can is not applicable", async () => {
  const plan = scenario({ ...base, steps: [create("pair"), split("pair")], expect: [] });
  const { record } = await run(plan);
  expect(record.verdict).toBe("NOT_APPLICABLE");
  expect(record.failures[0]?.message).toBe("the target toy cannot: split");
});

test("a link that stays cut fails L, with what each end says", async () => {
  const plan = scenario({
    ...base,
    steps: [cut("link"), create("pair"), wait(status("pair", "DUPLEX"), { withinMs: 50 })],
    expect: [],
  });
  const { record } = await run(plan);
  expect(record.verdict).toBe("FAIL");
  expect(record.failures.map(({ rule, message }) => `${rule}: ${message}`)).toEqual([
    "expectation: steps[2]: waited 50 ms until pair is DUPLEX at both ends; found SPLIT (link) at the primary, COPY at the secondary",
  ]);
});

test("a run without an end is bounded and says what it waits for", async () => {
  const plan = scenario({
    ...base,
    steps: [crash("a", "kill"), workload("pvol", { writes: 1, concurrency: 1 })],
    expect: [],
  });
  const { record } = await run(plan, { limits: { virtualMsMax: 1000 } });
  expect(record.verdict).toBe("FAIL");
  expect(record.failures).toMatchObject([{ rule: "L" }]);
  expect(record.failures[0]?.message).toContain("it waits for steps[1] workload");
});

test("faults without effect make a run vacuous, and a vacuous run is not green", async () => {
  const plan = scenario({
    ...base,
    steps: [
      create("pair"),
      wait(status("pair", "DUPLEX")),
      lostWrite("b/meta"),
      { ...when(written("pvol", 1), cut("link")), withinMs: 20 },
    ],
    expect: [converged()],
  });
  const { record } = await run(plan);
  expect(record.faults).toEqual([
    { kind: "lost-write", on: "b/meta", injected: 1, effective: 0 },
    { kind: "cut", on: "link", injected: 0, effective: 0 },
  ]);
  expect(record).toMatchObject({ vacuous: true, verdict: "UNKNOWN", failures: [] });
});

test("refusals are expected by code, and only there", async () => {
  const steps = [
    create("pair"),
    wait(status("pair", "DUPLEX")),
    expectRefused(create("pair"), "EXISTS"),
    expectRefused(write("svol", { offsetBytes: 0, lengthBytes: 512 }), "REFUSED"),
  ] as const;
  expect((await run(scenario({ ...base, steps, expect: [converged()] }))).record.failures).toEqual([]);
  const wrong = scenario({
    ...base,
    steps: [
      ...steps,
      write("svol", { offsetBytes: 0, lengthBytes: 512 }),
      create("pair"),
      expectRefused(create("pair"), "OTHER"),
      expectRefused(write("pvol", { offsetBytes: 0, lengthBytes: 512 }), "REFUSED"),
    ],
    expect: [],
  });
  expect((await run(wrong)).record.failures.map(({ message }) => message)).toEqual([
    "steps[4]: write of svol ended REFUSED: secondary",
    "steps[5]: create of pair was refused: EXISTS: there is a pair already",
    "steps[6]: create of pair was refused by EXISTS: there is a pair already, expected OTHER",
    "steps[7]: write ended DONE, expected REFUSED",
  ]);
});

const quick = scenario({
  ...base,
  steps: [create("pair"), wait(status("pair", "DUPLEX")), workload("pvol", { writes: 20 })],
  expect: [converged()],
});

test("planted nondeterminism is caught and located", async () => {
  let draws = 0;
  const plan = scenario({
    ...base,
    steps: [create("pair"), cut("link"), after(ms(50), heal("link"))],
    expect: [converged()],
  });
  const { record } = await run(plan, { target: toyTarget({ nondeterministic: () => draws++ }) });
  expect(record.verdict).toBe("FAIL");
  expect(record.failures.map(({ rule }) => rule)).toContain("determinism");
  expect(record.failures.find(({ rule }) => rule === "determinism")?.message).toContain("timer");
});

test("a program that asks the host for the time fails by name", async () => {
  const { record } = await run(quick, { target: toyTarget({ readsHostTime: true }) });
  expect(record.verdict).toBe("FAIL");
  expect(record.failures[0]).toMatchObject({ rule: "determinism" });
  expect(record.failures[0]?.message).toContain("toy-target.ts");
});

test("a program that gives up fails the run", async () => {
  const { record } = await run(quick, { target: toyTarget({ failsOnWrite: true }) });
  expect(record.failures[0]).toMatchObject({ rule: "target" });
  expect(record.failures[0]?.message).toContain("planted failure");
});

test("a program that answers a command in its own way fails the run", async () => {
  const { record } = await run(quick, { target: toyTarget({ confusedAdmin: true }) });
  expect(record.failures[0]).toMatchObject({ rule: "target" });
  expect(record.failures[0]?.message).toContain("planted confusion");
});

test("a secondary that loses writes is found", async () => {
  const { record } = await run(quick, { target: toyTarget({ loseEveryNth: 7 }) });
  expect(record.verdict).toBe("FAIL");
  expect(record.failures.map(({ rule }) => rule)).toContain("C");
});

test("a negative scenario passes because its invariant fails, by the fault that it names", async () => {
  const steps = [
    create("pair"),
    wait(status("pair", "DUPLEX")),
    lostWrite("svol", { nth: 3, count: 1 }),
    workload("pvol", { writes: 20 }),
  ] as const;
  const met = await run(scenario({ ...base, steps, expect: [converged(), violates("C", { fault: "lost-write" })] }));
  expect(met.record).toMatchObject({ verdict: "PASS", failures: [] });
  const rot = [steps[0], steps[1], bitRot("svol", { bits: 3 }), steps[3]] as const;
  const rotten = await run(
    scenario({ ...base, steps: rot, expect: [converged(), violates("V", { fault: "bit-rot" })] }),
  );
  expect(rotten.record).toMatchObject({ verdict: "PASS", failures: [] });
  const unmet = await run(scenario({ ...base, steps: steps.toSpliced(2, 1), expect: [converged(), violates("C")] }));
  expect(unmet.record.failures).toMatchObject([{ rule: "expectation" }]);
});
