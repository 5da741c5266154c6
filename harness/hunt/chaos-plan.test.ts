import fc from "fast-check";
import { expect, test } from "vitest";
import type { AnyFault } from "../fault/index.ts";
import type { Plan } from "../plan/plan.ts";
import type { Step } from "../plan/step.ts";
import { runPlan } from "../run/run-plan.ts";
import { resilverTarget } from "../target/resilver-target.ts";
import { hostPump } from "../world/sim/host-pump.ts";
import { CHAOS_KINDS } from "./chaos-fault.ts";
import { chaosPlan } from "./chaos-plan.ts";

const SEED = 20_261_121;

/** The same arguments in every run; a failure prints its path among them. */
function checkLaw(law: fc.IProperty<[number, number]>, numRuns: number): void {
  fc.assert(law, { seed: SEED, numRuns });
}

const seeds = fc.nat({ max: 0xffff_ffff });
const rounds = fc.integer({ min: 1, max: 1000 });

interface Strike {
  readonly fault: AnyFault;
  readonly startMs: number;
  readonly endMs: number;
}

/** Every fault with the time at which it is asked for, and at which its heal is: each is a lane of its own. */
function strikesOf({ steps }: Plan): Strike[] {
  const lanes = steps.flatMap((step) => (step.kind === "together" ? step.steps : []));
  return lanes.flatMap((lane) => {
    if (lane.kind !== "after") return [];
    const [inject, later] = lane.steps;
    if (inject?.kind !== "inject" || later?.kind !== "after") return [];
    expect(later.steps[0]).toEqual({ kind: "heal", label: inject.label });
    return [{ fault: inject.fault, startMs: lane.delayMs, endMs: lane.delayMs + later.delayMs }];
  });
}

function count(steps: readonly Step[], kind: Step["kind"]): number {
  return steps.reduce((sum, step) => {
    const inner = "steps" in step ? count(step.steps, kind) : 0;
    return sum + inner + (step.kind === kind ? 1 : 0);
  }, 0);
}

test("the same seed and round give the same plan, others another one", () => {
  checkLaw(
    fc.property(seeds, rounds, (seed, round) => {
      const plan = chaosPlan(seed, round);
      expect(chaosPlan(seed, round)).toEqual(plan);
      expect(chaosPlan(seed, round + 1)).not.toEqual(plan);
    }),
    60,
  );
});

test("every fault is healed in its own lane, and the steady state is looked at before and after", () => {
  checkLaw(
    fc.property(seeds, rounds, (seed, round) => {
      const { steps } = chaosPlan(seed, round);
      expect(strikesOf(chaosPlan(seed, round))).toHaveLength(count(steps, "inject"));
      const faults = steps.findIndex((step) => count([step], "inject") > 0);
      expect(faults).toBeGreaterThan(0);
      expect(count(steps.slice(0, faults), "steady")).toBe(2);
      expect(count(steps.slice(faults + 1), "steady")).toBe(2);
      expect(steps.at(-1)?.kind).toBe("steady");
    }),
    60,
  );
});

test("no program is started on a disk that fails or hangs", () => {
  checkLaw(
    fc.property(seeds, rounds, (seed, round) => {
      const plan = chaosPlan(seed, round);
      const owner = (disk: string): string =>
        plan.topology.systems.find(
          ({ name, volumes }) => disk === `${name}/meta` || volumes.some((volume) => volume.name === disk),
        )?.name ?? "";
      const strikes = strikesOf(plan);
      for (const end of strikes) {
        const { fault } = end;
        if (fault.kind !== "crash" && fault.kind !== "torn-write") continue;
        const system = fault.kind === "crash" ? fault.system : owner(fault.disk);
        for (const other of strikes) {
          if (other === end || !("disk" in other.fault) || owner(other.fault.disk) !== system) continue;
          expect(other.endMs < end.startMs || end.endMs < other.startMs).toBe(true);
        }
      }
    }),
    100,
  );
});

test("toxics of one direction of a link come one after the other, with time for connections to end in between", () => {
  checkLaw(
    fc.property(seeds, rounds, (seed, round) => {
      const toxics = strikesOf(chaosPlan(seed, round)).filter(({ fault }) => "direction" in fault);
      for (const { fault, startMs, endMs } of toxics) {
        for (const other of toxics) {
          if (other.fault === fault || !("direction" in other.fault) || !("direction" in fault)) continue;
          if (other.fault.direction !== fault.direction) continue;
          expect(Math.max(other.startMs - endMs, startMs - other.endMs)).toBeGreaterThan(1500);
        }
      }
    }),
    100,
  );
});

test("only the kinds that were asked for, and each of them", () => {
  const seen = new Set<string>();
  for (let round = 1; round <= 60; round++) {
    for (const { fault } of strikesOf(chaosPlan(3, round))) seen.add(fault.kind);
    for (const { fault } of strikesOf(chaosPlan(3, round, { kinds: ["cut", "pause"] })))
      expect(["cut", "pause"]).toContain(fault.kind);
  }
  expect([...seen].sort()).toEqual([...CHAOS_KINDS].sort());
});

test("the engine stands rounds in the simulated world (seed 20261121)", { timeout: 120_000 }, async () => {
  let effective = 0;
  for (let round = 1; round <= 16; round++) {
    const plan = chaosPlan(SEED, round, { faultMs: 3000 });
    const options = {
      id: "chaos",
      seed: round,
      target: resilverTarget(""),
      pump: hostPump(),
      replay: "",
      repeat: false,
    };
    const { record } = await runPlan(plan, options);
    expect({ round, failures: record.failures }).toEqual({ round, failures: [] });
    effective += record.faults.reduce((sum, fault) => sum + fault.effective, 0);
  }
  expect(effective).toBeGreaterThan(16);
});
