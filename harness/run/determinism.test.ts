import { expect, test } from "vitest";
import { formatDifference } from "../history/difference.ts";
import { EventLog } from "../history/event-log.ts";
import { RunGuards } from "../world/sim/guards.ts";
import { hostPump } from "../world/sim/host-pump.ts";
import { Process } from "../world/sim/process.ts";
import { Scheduler } from "../world/sim/scheduler.ts";
import { SimLog } from "../world/sim/sim-log.ts";
import { SimRandom } from "../world/sim/sim-random.ts";
import { checkDeterminism, type LoggedRun } from "./determinism.ts";

interface Planted {
  readonly log: SimLog;
  /** Spends `delayNs` of virtual time as an event whose `a` is `label`. */
  wait(delayNs: number, label: number): Promise<void>;
}

/** Four walkers on random delays; `plant` is called by the third one at its 20th step. */
async function walkers(plant: (planted: Planted) => Promise<void> | void, retainEvents?: number): Promise<LoggedRun> {
  const log = new EventLog(retainEvents);
  const scheduler = new Scheduler(log, { eventsMax: 2000, timeNsMax: 1e12 });
  const kind = log.kind("walk", "label");
  const root = new SimRandom("determinism");
  const walk = async (id: number): Promise<void> => {
    const process = new Process(scheduler, `walker-${id}`);
    const random = root.fork(process.name);
    const wait = (delayNs: number, label: number): Promise<void> =>
      new Promise((resolve) => void scheduler.schedule(delayNs, process, kind, label, 0, resolve));
    for (let step = 0; step < 40; step++) {
      await wait(1 + (random.next32() >>> 12), step);
      if (id === 2 && step === 20) await plant({ log: new SimLog(process), wait });
    }
  };
  for (let id = 0; id < 4; id++) void walk(id);
  const guards = new RunGuards();
  try {
    await scheduler.run(hostPump(), guards);
  } finally {
    guards.release();
  }
  return { log };
}

test("a run that depends on its seed alone is the same twice", async () => {
  const { result, difference } = await checkDeterminism(() =>
    walkers(({ log, wait }) => {
      log.step("planted", { nothing: true });
      return wait(5, 99);
    }),
  );
  expect(difference).toBeUndefined();
  expect(result.log.count).toBe(162);
});

let callsEver = 0;

test("a counter that outlives the run is caught, at the very event, with its causes", async () => {
  const { difference } = await checkDeterminism(() => walkers(({ wait }) => wait(5, 1000 + callsEver++)));
  expect(difference?.first.event).toMatchObject({ actor: "walker-2", a: 1000, kind: { name: "walk" } });
  expect(difference?.second.event).toMatchObject({ actor: "walker-2", a: 1001, index: difference?.first.event?.index });
  expect(difference?.lastCommon?.index).toBe((difference?.index ?? 0) - 1);
  // The planted event was scheduled by the third walker's own steps, one after the other.
  expect(difference?.first.causes.map(({ actor, a }) => [actor, a])).toEqual(
    [20, 19, 18, 17, 16, 15, 14, 13].map((step) => ["walker-2", step]),
  );
  const text = formatDifference(difference as NonNullable<typeof difference>);
  expect(text).toMatch(/first at event #\d+\n {2}last in common {2}#\d+/);
  expect(text).toContain("walk  walker-2  label=1000");
  expect(text).toContain("walk  walker-2  label=1001");
  expect(text).toContain("caused by #");
});

test("an order of keys that changes is caught where it first shows", async () => {
  const table: Record<string, number> = { b: 2, a: 1 };
  const { difference } = await checkDeterminism(() =>
    walkers(({ log }) => {
      for (const key of Object.keys(table)) log.step("visit", { key });
      // Integer-like keys go before all others: the second run visits another one first.
      table["7"] = 7;
    }),
  );
  expect(difference?.first.event).toMatchObject({ actor: "walker-2", kind: { name: "step visit" } });
  expect(difference?.first.event?.content).not.toBe(difference?.second.event?.content);
});

test("host randomness drawn before the run is caught by the delay it chose", async () => {
  const { difference } = await checkDeterminism(() => {
    const bytes = crypto.getRandomValues(new Uint32Array(1));
    return walkers(({ wait }) => wait(bytes[0] as number, 99));
  });
  const [first, second] = [difference?.first.event, difference?.second.event];
  expect([first?.timeNs, first?.actor, first?.a]).not.toEqual([second?.timeNs, second?.actor, second?.a]);
  expect(difference?.index).toBeGreaterThan(80);
});

test("a run that ends earlier differs at the event that it lacks", async () => {
  let runs = 0;
  const { difference } = await checkDeterminism(() =>
    walkers(({ wait }) => (runs++ === 0 ? new Promise<void>(() => {}) : wait(1, 99))),
  );
  expect(difference?.second.event).toMatchObject({ actor: "walker-2", a: 99 });
  expect(difference?.first.eventCount).toBeLessThan(difference?.second.eventCount ?? 0);
});

test("a difference beyond the retained events is told as such", async () => {
  const { difference } = await checkDeterminism(() => walkers(({ wait }) => wait(5, 1000 + callsEver++), 10));
  expect(difference).toMatchObject({ index: undefined, lastCommon: undefined });
  expect(formatDifference(difference as NonNullable<typeof difference>)).toContain(
    "beyond the events that were retained",
  );
});
