import fc from "fast-check";
import { expect, test } from "vitest";
import { hostPump } from "./host-pump.ts";
import { Process } from "./process.ts";
import { drainPump, macrotaskPump, type Pump } from "./pump.ts";
import { simulation } from "./simulation.fixture.ts";

const pumps: readonly (readonly [string, Pump])[] = [
  ["the host's pump", hostPump()],
  ["one event a macrotask", macrotaskPump(setImmediate)],
  ["a batch of one", macrotaskPump(setImmediate, 1)],
  ["a drain that does not drain", drainPump(() => {}, setImmediate)],
];

test.each(pumps)("events fire by time, then in the order scheduled: %s", async (_name, pump) => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(20), { maxLength: 200 }), async (delays) => {
      const { scheduler, at, run } = simulation();
      const fired: (readonly [number, number])[] = [];
      for (const [index, delayNs] of delays.entries()) at(delayNs, index, () => fired.push([scheduler.nowNs, index]));
      expect(await run(pump)).toBe("idle");
      const expected = delays.map((delayNs, index) => [delayNs, index] as const);
      expected.sort(([timeA, indexA], [timeB, indexB]) => timeA - timeB || indexA - indexB);
      expect(fired).toEqual(expected);
    }),
  );
});

test("events that events schedule keep the order, whatever is cancelled between", async () => {
  const tree = fc.array(
    fc.record({ delayNs: fc.nat(9), children: fc.array(fc.nat(9), { maxLength: 3 }), cancel: fc.option(fc.nat(49)) }),
    {
      maxLength: 50,
    },
  );
  await fc.assert(
    fc.asyncProperty(tree, async (nodes) => {
      const { scheduler, at, run } = simulation();
      const keys: (readonly [number, number])[] = [];
      const cancelled = new Set<number>();
      const handles: { cancel(): void }[] = [];
      let sequence = 0;
      const set = (delayNs: number, then: () => void): void => {
        const key = [scheduler.nowNs + delayNs, sequence++] as const;
        handles.push(
          at(delayNs, key[1], () => {
            expect(scheduler.nowNs).toBe(key[0]);
            expect(cancelled.has(key[1])).toBe(false);
            keys.push(key);
            then();
          }),
        );
      };
      for (const { delayNs, children, cancel } of nodes)
        set(delayNs, () => {
          for (const child of children) set(child, () => {});
          if (cancel === null) return;
          handles[cancel]?.cancel();
          if (handles[cancel] !== undefined && !keys.some((key) => key[1] === cancel)) cancelled.add(cancel);
        });
      await run();
      expect(keys).toEqual(keys.toSorted(([timeA, orderA], [timeB, orderB]) => timeA - timeB || orderA - orderB));
      expect(keys.length).toBe(sequence - cancelled.size);
    }),
  );
});

test.each(pumps)("a chain of 1000 awaits ends before the next event of the same moment: %s", async (_name, pump) => {
  const { at, run } = simulation();
  const order: string[] = [];
  const chain = async (): Promise<void> => {
    for (let link = 0; link < 1000; link++) await Promise.resolve();
    order.push("chain");
  };
  at(5, 0, () => void chain());
  at(5, 1, () => order.push("next"));
  await run(pump);
  expect(order).toEqual(["chain", "next"]);
});

test("every pump gives the same history", async () => {
  const digests: string[] = [];
  for (const [, pump] of pumps) {
    const { log, at, run } = simulation({ eventsMax: 2000 });
    const walk = async (id: number): Promise<void> => {
      for (let step = 1; ; step++) {
        await new Promise<void>((resolve) => void at((id * 7919 * step) % 101, id, resolve));
        for (let link = 0; link < id; link++) await Promise.resolve();
      }
    };
    for (let id = 0; id < 10; id++) void walk(id);
    expect(await run(pump)).toBe("event-limit");
    expect(log.count).toBe(2000);
    digests.push(log.digest);
  }
  expect(new Set(digests).size).toBe(1);
});

test("a paused process misses nothing and nothing changes places, however often it is paused", async () => {
  const timeline = fc.record({
    events: fc.array(fc.nat(30), { minLength: 1, maxLength: 40 }),
    pauses: fc.array(fc.tuple(fc.nat(30), fc.nat(10)), { maxLength: 4 }),
  });
  await fc.assert(
    fc.asyncProperty(timeline, async ({ events, pauses }) => {
      const { scheduler, at, run } = simulation();
      const operator = new Process(scheduler, "operator");
      const victim = new Process(scheduler, "victim");
      for (const [atNs, lengthNs] of pauses) {
        at(atNs, 0, () => victim.pause(), operator);
        at(atNs + lengthNs, 0, () => victim.resume(), operator);
      }
      const fired: (readonly [number, number])[] = [];
      for (const [index, delayNs] of events.entries())
        at(
          delayNs,
          index,
          () => {
            expect(victim.state).toBe("running");
            expect(scheduler.nowNs).toBeGreaterThanOrEqual(delayNs);
            fired.push([delayNs, index]);
          },
          victim,
        );
      await run();
      expect(fired).toEqual(fired.toSorted(([timeA, orderA], [timeB, orderB]) => timeA - timeB || orderA - orderB));
      expect(fired.length).toBe(events.length);
    }),
  );
});

test("what was deferred fires before what comes due at the moment of resuming", async () => {
  const { scheduler, process, at, run } = simulation();
  const operator = new Process(scheduler, "operator");
  const fired: string[] = [];
  at(10, 0, () => process.resume(), operator);
  at(10, 1, () => fired.push("due at 10"));
  at(5, 2, () => fired.push("due at 5"));
  at(1, 0, () => process.pause(), operator);
  await run();
  expect(fired).toEqual(["due at 5", "due at 10"]);
});

test("an event that a paused process missed can still be cancelled", async () => {
  const { scheduler, process, at, run } = simulation();
  const operator = new Process(scheduler, "operator");
  const fired: string[] = [];
  const missed = at(5, 0, () => fired.push("missed"));
  at(1, 0, () => process.pause(), operator);
  at(8, 0, () => missed.cancel(), operator);
  at(9, 0, () => process.resume(), operator);
  await run();
  expect(fired).toEqual([]);
});

test("a dead process sees nothing more, also not what it missed; its exits run once, in order", async () => {
  const { scheduler, process, at, run, log } = simulation();
  const operator = new Process(scheduler, "operator");
  const seen: string[] = [];
  process.onExit(() => seen.push("exit 1"));
  process.onExit(() => seen.push("exit 2"));
  at(2, 0, () => seen.push("missed in the pause"));
  at(9, 0, () => seen.push("after death"));
  at(1, 0, () => process.pause(), operator);
  at(5, 0, () => process.kill(), operator);
  at(6, 0, () => process.resume(), operator);
  at(7, 0, () => process.kill(), operator);
  expect(await run()).toBe("idle");
  expect(seen).toEqual(["exit 1", "exit 2"]);
  expect(process.state).toBe("dead");
  expect(log.count).toBe(4);
});

test("limits, finish and failure end a run", async () => {
  const endless = simulation({ eventsMax: 10 });
  const again = (): void => void endless.at(1, 0, again);
  again();
  expect(await endless.run()).toBe("event-limit");
  expect(endless.log.count).toBe(10);

  const late = simulation({ timeNsMax: 100 });
  late.at(100, 0, () => late.at(1, 1, () => expect.unreachable("beyond the time limit")));
  expect(await late.run()).toBe("time-limit");
  expect(late.scheduler.nowNs).toBe(100);

  const finished = simulation();
  finished.at(1, 0, () => finished.scheduler.finish());
  finished.at(1, 1, () => expect.unreachable("after finish"));
  expect(await finished.run()).toBe("finished");

  const failed = simulation();
  failed.at(1, 0, () => failed.scheduler.fail(new Error("first")));
  failed.at(2, 0, () => expect.unreachable("after a failure"));
  await expect(failed.run()).rejects.toThrow("first");
});

test.each(pumps)("what a callback throws rejects the run: %s", async (_name, pump) => {
  const { at, run } = simulation();
  at(1, 0, () => {
    throw new Error("a bug in a callback");
  });
  await expect(run(pump)).rejects.toThrow("a bug in a callback");
});

test("a delay that is negative or no number is refused", () => {
  const { at } = simulation();
  expect(() => at(-1, 0, () => {})).toThrow("-1 ns ahead");
  expect(() => at(Number.NaN, 0, () => {})).toThrow("NaN ns ahead");
});

test("an idle run goes on when there is something to do again", async () => {
  const { at, run, scheduler } = simulation();
  at(3, 0, () => {});
  expect(await run()).toBe("idle");
  at(4, 0, () => {});
  expect(await run()).toBe("idle");
  expect(scheduler.nowNs).toBe(7);
});

test("timeouts that are set and cancelled do not pile up", async () => {
  const { at, run, scheduler } = simulation();
  let pendingMax = 0;
  const step = (left: number): void => {
    const timeout = at(1_000_000_000, 0, () => expect.unreachable("cancelled"));
    at(1, 0, () => {
      timeout.cancel();
      pendingMax = Math.max(pendingMax, scheduler.pending);
      if (left > 0) step(left - 1);
    });
  };
  step(20_000);
  await run();
  expect(pendingMax).toBeLessThan(2000);
});

test("the pump tells when the run has the thread", async () => {
  for (const [, pump] of pumps) {
    const { at, scheduler } = simulation();
    let inside = false;
    const seen: boolean[] = [];
    const scope = {
      enter: () => {
        inside = true;
      },
      leave: () => {
        inside = false;
      },
    };
    const walk = async (): Promise<void> => {
      seen.push(inside);
      await Promise.resolve();
      seen.push(inside);
    };
    for (let event = 0; event < 600; event++) at(event, 0, () => void walk());
    let outside = 0;
    const host = setInterval(() => {
      if (inside) outside++;
    });
    await scheduler.run(pump, scope);
    clearInterval(host);
    expect(inside).toBe(false);
    expect(outside).toBe(0);
    expect(seen.length).toBe(1200);
    expect(seen.every((value) => value)).toBe(true);
  }
});
