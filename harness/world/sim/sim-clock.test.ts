import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { clockConformance } from "../../../engine/ports/clock.conformance.ts";
import { NS_PER_MS } from "../../../engine/ports/index.ts";
import { DRIFT_PPM_MAX, HostTime, WALL_START_MS } from "./host-time.ts";
import { Process } from "./process.ts";
import { SimClock } from "./sim-clock.ts";
import { simulation } from "./simulation.fixture.ts";

const drifts = [0, 250, -250, DRIFT_PPM_MAX, -DRIFT_PPM_MAX];

describe.each(drifts)("drift %i ppm", (driftPpm) => {
  clockConformance({
    test,
    open: () => {
      const { scheduler, process, run } = simulation();
      const time = new HostTime(scheduler, "host");
      if (driftPpm !== 0) time.setDrift(driftPpm);
      return {
        clock: new SimClock(process, time),
        settle: async () => void (await run()),
        stepWall: (deltaMs) => time.stepWall(deltaMs),
      };
    },
  });
});

const drift = fc.integer({ min: -DRIFT_PPM_MAX, max: DRIFT_PPM_MAX });

test("local time never goes back and gives the drift, whatever the drift was before", async () => {
  const changes = fc.array(fc.record({ driftPpm: drift, lengthNs: fc.nat(3_600_000_000_000) }), { maxLength: 10 });
  await fc.assert(
    fc.asyncProperty(changes, async (plan) => {
      const { scheduler, at, run } = simulation();
      const time = new HostTime(scheduler, "host");
      let lastNs = 0;
      let expectedNs = 0;
      const next = (index: number): void => {
        const change = plan[index];
        if (change === undefined) return;
        time.setDrift(change.driftPpm);
        at(change.lengthNs, index, () => {
          expectedNs += change.lengthNs * (1 + change.driftPpm / 1e6);
          const localNs = time.localNs();
          expect(localNs).toBeGreaterThanOrEqual(lastNs);
          // Each change rounds down once.
          expect(Math.abs(localNs - expectedNs)).toBeLessThanOrEqual(index + 2);
          lastNs = localNs;
          next(index + 1);
        });
      };
      next(0);
      await run();
    }),
  );
});

test("virtualAt gives the first moment at which local time is reached", () => {
  fc.assert(
    fc.property(
      drift,
      fc.maxSafeNat().map((localNs) => Math.floor(localNs / 1000)),
      (driftPpm, localNs) => {
        const time = new HostTime(simulation().scheduler, "host");
        time.setDrift(driftPpm);
        const virtualNs = time.virtualAt(localNs);
        expect(time.localAt(virtualNs)).toBeGreaterThanOrEqual(localNs);
        if (virtualNs > 0) expect(time.localAt(virtualNs - 1)).toBeLessThan(localNs);
      },
    ),
  );
});

test("a timer is never early, whatever the drift becomes while it waits", async () => {
  const plan = fc.record({
    delayNs: fc.nat(10 * NS_PER_MS),
    before: drift,
    changes: fc.array(fc.tuple(fc.nat(12 * NS_PER_MS), drift), { maxLength: 5 }),
  });
  await fc.assert(
    fc.asyncProperty(plan, async ({ delayNs, before, changes }) => {
      const { scheduler, process, at, run } = simulation();
      const time = new HostTime(scheduler, "host");
      time.setDrift(before);
      const clock = new SimClock(process, time);
      const dueNs = clock.monotonicNs() + delayNs;
      let firedNs: number | undefined;
      clock.after(delayNs, () => {
        firedNs = clock.monotonicNs();
      });
      for (const [atNs, driftPpm] of changes) at(atNs, 0, () => time.setDrift(driftPpm));
      await run();
      expect(firedNs).toBeGreaterThanOrEqual(dueNs);
      // Late by no more than what the drift changed meanwhile.
      expect(firedNs).toBeLessThanOrEqual(dueNs + (delayNs * 3 * DRIFT_PPM_MAX) / 1e6 + 8);
    }),
  );
});

test("the watch starts in 2026, steps, and follows the drift", async () => {
  const { scheduler, process, at, run, log } = simulation();
  const time = new HostTime(scheduler, "host");
  const clock = new SimClock(process, time);
  expect(clock.wallMs()).toBe(WALL_START_MS);
  time.stepWall(-86_400_000);
  time.setDrift(100_000);
  at(1000 * NS_PER_MS, 0, () => expect(clock.wallMs()).toBe(WALL_START_MS - 86_400_000 + 1100));
  await run();
  expect([log.get(0)?.kind.name, log.get(0)?.a, log.get(1)?.kind.name, log.get(1)?.a]).toEqual([
    "clock.step",
    -86_400_000,
    "clock.drift",
    100_000,
  ]);
});

test("a restarted process finds its host's time as it was", async () => {
  const { scheduler, process, at, run } = simulation();
  const time = new HostTime(scheduler, "host");
  time.setDrift(-1000);
  const fired: string[] = [];
  new SimClock(process, time).after(10, () => fired.push("first incarnation"));
  at(5, 0, () => {
    process.kill();
    const restarted = new SimClock(new Process(scheduler, "node"), time);
    expect(restarted.monotonicNs()).toBe(time.localNs());
    restarted.after(10, () => fired.push("second incarnation"));
  });
  await run();
  expect(fired).toEqual(["second incarnation"]);
});

test("delays, steps and drifts that are no whole numbers, or too large, are refused", () => {
  const { scheduler, process } = simulation();
  const time = new HostTime(scheduler, "host");
  const clock = new SimClock(process, time);
  expect(() => clock.after(1.5, () => {})).toThrow("1.5 ns");
  expect(() => clock.after(-1, () => {})).toThrow("-1 ns");
  expect(() => time.stepWall(0.5)).toThrow("0.5 ms");
  expect(() => time.setDrift(DRIFT_PPM_MAX + 1)).toThrow("100001 ppm");
});
