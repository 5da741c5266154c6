import { expect, test } from "vitest";
import type { Census } from "../history/census.ts";
import {
  converged,
  create,
  eio,
  holds,
  KiB,
  mirror,
  parsePlan,
  scenario,
  sequence,
  status,
  step,
  together,
  wait,
  when,
  write,
} from "../plan/index.ts";
import { runPlan } from "../run/run-plan.ts";
import { resilverTarget } from "../target/resilver-target.ts";
import { hostPump } from "../world/sim/host-pump.ts";
import { type Blow, type CrashPoint, describePoint, planAt, planWithoutBlow } from "./crash-point.ts";
import { crashPoints } from "./crash-points.ts";
import { BlowWatch, outcomeAt, type TalliedRun, tally } from "./tally.ts";

const census: Census = {
  disks: [{ system: "a", disk: "a/meta", count: 3 }],
  links: [
    { system: "a", link: "link", count: 2 },
    { system: "b", link: "link", count: 0 },
  ],
};
const plan = scenario({
  name: "made and written",
  requirements: [],
  topology: mirror({ sizeBytes: KiB(16), mode: "sync" }),
  steps: [create("pair"), wait(status("pair", "DUPLEX")), write("pvol", { offsetBytes: 0, lengthBytes: 512 })],
  expect: [converged()],
});
const run = async (of: typeof plan, asked = false, observer = new BlowWatch()) => {
  const options = { id: "t", seed: 5, target: resilverTarget("x"), pump: hostPump(), replay: "", repeat: false };
  return (await runPlan(of, { ...options, census: asked, observer })).record;
};
/** What the run with a blow at the point showed. */
const outcomeOf = async (point: CrashPoint, withinMs: number) => {
  const blows = new BlowWatch();
  const record = await run(parsePlan(planAt(plan, point, withinMs)), false, blows);
  return { record, outcome: outcomeAt([point], record, blows) };
};

test("every action has a point for every blow, a cut at frames only, an error at disks only", () => {
  const { points, total, stride } = crashPoints(census, ["power", "kill", "cut"], { pointsMax: 100 });
  expect([points.length, total, stride]).toEqual([3 + 2 + 3 + 2 + 2, 12, 1]);
  expect(new Set(points.map(describePoint)).size).toBe(12);
  expect(describePoint(points[2] as (typeof points)[0])).toBe("power loss of a at write 3 of a/meta");
  const [power] = points;
  const both = { ...plan, expect: [converged(), holds(status("pair", "DUPLEX"))] };
  const expected = (blow: Blow): string[] =>
    planAt(both, { ...(power as CrashPoint), blow }, 1).expect.map(({ kind }) => kind);
  expect([expected("power"), expected("error")]).toEqual([["converged", "holds"], ["converged"]]);
  const attended = (of: typeof plan, blow: Blow) => planAt(of, { ...(power as CrashPoint), blow }, 1).attended === true;
  const withFault = { ...plan, steps: [sequence(eio("pvol", ["read"])), ...plan.steps] };
  expect([attended(plan, "power"), attended(plan, "error"), attended(withFault, "power")]).toEqual([false, true, true]);
  const errors = crashPoints(census, ["error"], { pointsMax: 100 }).points;
  expect(errors.map(describePoint)).toEqual([1, 2, 3].map((nth) => `disk error at write ${nth} of a/meta`));
});

test("more points than permitted: every so many, and it says so", () => {
  const { points, total, stride } = crashPoints(census, ["power", "kill", "cut"], { pointsMax: 5 });
  expect([points.length, total, stride]).toEqual([4, 12, 3]);
  expect(crashPoints(census, ["power"], { stride: 2, pointsMax: 100 })).toMatchObject({ stride: 2, total: 5 });
});

test("each point of the census is reached in its run, and the next one after the last is not", async () => {
  const base = await run(planWithoutBlow(plan), true);
  expect(base).toMatchObject({ verdict: "PASS", tolerated: [] });
  const counted = base.census as Census;
  expect(counted.disks.map(({ disk }) => disk)).toEqual(["a/meta", "pvol", "b/meta", "svol"]);
  const { points } = crashPoints(counted, ["kill", "cut"], { pointsMax: 10_000, stride: 3 });
  const runs: TalliedRun[] = [];
  for (const point of points) runs.push({ point, ...(await outcomeOf(point, 2_000)).outcome, isTolerated: false });
  const rows = tally(runs);
  expect(rows.reduce((sum, { passed }) => sum + passed, 0)).toBe(points.length);
  for (const { system, disk, count } of counted.disks) {
    const beyond = { system, at: { kind: "disk-write", disk, nth: count + 1 }, blow: "power" } as const;
    const { record, outcome } = await outcomeOf(beyond, 100);
    expect(record).toMatchObject({ verdict: "UNKNOWN", vacuous: true, failures: [] });
    expect(outcome).toEqual({ isReached: false, verdict: "UNKNOWN" });
    expect(tally([{ point: beyond, ...outcome, isTolerated: false }])).toMatchObject([
      { points: 1, passed: 0, failed: 0, unreached: 1 },
    ]);
  }
});

test("a point is reached though the blow prevents a fault of the plan of the same kind, on the same disk", async () => {
  const own = when(step("a", "pair.duplex"), eio("a/meta", ["write"], { count: 1 }));
  const withOwn = { ...plan, steps: [together(sequence(...plan.steps), own)] };
  const point = { system: "a", at: { kind: "disk-write", disk: "a/meta", nth: 1 }, blow: "error" } as const;
  const blows = new BlowWatch();
  const record = await run(parsePlan(planAt(withOwn, point, 2_000)), false, blows);
  expect(record.faults).toEqual([{ kind: "eio", on: "a/meta", injected: 1, effective: 1 }]);
  expect(outcomeAt([point], record, blows)).toEqual({ isReached: true, verdict: "PASS" });
});

test("a loss of power at a write tears that very write: it was in flight", async () => {
  const base = await run(planWithoutBlow(plan), true);
  const writes = base.census?.disks.find(({ disk }) => disk === "svol")?.count ?? 0;
  const options = { id: "t", target: resilverTarget("x"), pump: hostPump(), replay: "", repeat: false };
  let inFlight = 0;
  for (let nth = 1; nth <= writes; nth++) {
    const point = { system: "b", at: { kind: "disk-write", disk: "svol", nth }, blow: "power" } as const;
    const { log } = await runPlan(planAt(plan, point, 2_000), { ...options, seed: 5 });
    for (let index = 0; index < log.count; index++) {
      const event = log.get(index);
      if (event?.kind.name === "disk.powerLoss" && event.actor === "disk/b/svol") inFlight += Math.sign(event.a);
    }
  }
  expect(writes).toBeGreaterThan(1);
  expect(inFlight).toBe(writes);
});
