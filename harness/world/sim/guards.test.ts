import { randomBytes } from "node:crypto";
import { setTimeout as sleepOfHost } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";
import { HostAccessError, RunGuards } from "./guards.ts";
import { simulation } from "./simulation.fixture.ts";
import { hostPump } from "./host-pump.ts";

const held: RunGuards[] = [];

function hold(onViolation?: (error: HostAccessError) => void): RunGuards {
  const guards = new RunGuards(onViolation);
  held.push(guards);
  return guards;
}

afterEach(() => {
  for (const guards of held.splice(0)) guards.release();
});

const doors: readonly (readonly [string, () => unknown])[] = [
  ["Date.now()", () => Date.now()],
  ["Date without arguments", () => new Date()],
  ["Date without arguments", () => Date()],
  ["performance.now()", () => performance.now()],
  ["setTimeout()", () => setTimeout(() => {}, 0)],
  ["setInterval()", () => setInterval(() => {}, 1)],
  ["setImmediate()", () => setImmediate(() => {})],
  ["node:timers/promises setTimeout()", () => sleepOfHost(0)],
  ["process.hrtime()", () => process.hrtime()],
  ["process.hrtime.bigint()", () => process.hrtime.bigint()],
  ["process.uptime()", () => process.uptime()],
  ["Math.random()", () => Math.random()],
  ["crypto.getRandomValues()", () => crypto.getRandomValues(new Uint8Array(1))],
  ["crypto.randomUUID()", () => crypto.randomUUID()],
  ["crypto.subtle", () => crypto.subtle.digest("SHA-256", new Uint8Array(1))],
  ["node:crypto randomBytes()", () => randomBytes(1)],
];

test.each(doors)("%s throws inside a run and names the caller (%#)", (what, open) => {
  const guards = hold();
  let thrown: unknown;
  guards.enter();
  try {
    open();
  } catch (error) {
    thrown = error;
  } finally {
    guards.leave();
  }
  expect(thrown).toBeInstanceOf(HostAccessError);
  const error = thrown as HostAccessError;
  expect(error.what).toBe(what);
  expect(error.caller).toMatch(/harness\/world\/sim\/guards\.test\.ts:\d+:\d+$/);
  expect(error.message).toContain(error.caller);
  expect(guards.violations).toEqual([error]);
});

test("outside of a run everything works as ever", async () => {
  const guards = hold();
  guards.enter();
  guards.leave();
  expect(Date.now()).toBeGreaterThan(1.7e12);
  expect(new Date()).toBeInstanceOf(Date);
  expect(new Date().constructor).toBe(Date);
  expect(typeof Date()).toBe("string");
  expect(performance.now()).toBeGreaterThan(0);
  expect(Math.random()).toBeLessThan(1);
  expect(crypto.randomUUID()).toHaveLength(36);
  expect(randomBytes(3)).toHaveLength(3);
  expect(process.hrtime.bigint()).toBeTypeOf("bigint");
  expect((await crypto.subtle.digest("SHA-256", new Uint8Array(1))).byteLength).toBe(32);
  await sleepOfHost(0);
  await new Promise<void>((resolve) => void setTimeout(resolve, 0));
  expect(guards.violations).toEqual([]);
});

test("a date of a given moment is no host access", () => {
  const guards = hold();
  guards.enter();
  const date = new Date(5);
  class Labelled extends Date {}
  const labelled = new Labelled(7);
  guards.leave();
  expect([date.getTime(), date instanceof Date, Date.UTC(1970, 0), labelled.getTime()]).toEqual([5, true, 0, 7]);
  expect(labelled).toBeInstanceOf(Labelled);
});

test("the last release puts everything back", () => {
  const state = (): unknown[] => [
    Date,
    Date.prototype.constructor,
    Date.now,
    Math.random,
    setTimeout,
    setImmediate,
    randomBytes,
    process.hrtime,
    Object.getOwnPropertyNames(performance),
    Object.getOwnPropertyNames(crypto),
  ];
  const before = state();
  const outer = hold();
  const inner = hold();
  expect(Math.random).not.toBe(before[3]);
  inner.release();
  inner.release();
  expect(Math.random).not.toBe(before[3]);
  outer.release();
  for (const [index, value] of state().entries()) {
    if (Array.isArray(value)) expect(value).toEqual(before[index]);
    else expect(value).toBe(before[index]);
  }
});

test("a replacement made meanwhile is left alone", () => {
  const original = Math.random;
  const guards = hold();
  const replacement = (): number => 0.5;
  Math.random = replacement;
  guards.release();
  expect(Math.random).toBe(replacement);
  Math.random = original;
});

test("in a run: promise chains included, the harness's own timers not, swallowed or not", async () => {
  const { scheduler, at } = simulation();
  const guards = hold();
  const caught: string[] = [];
  const read = async (): Promise<void> => {
    for (let link = 0; link < 10; link++) await Promise.resolve();
    try {
      Date.now();
    } catch (error) {
      caught.push((error as HostAccessError).what);
    }
  };
  for (let event = 0; event < 1000; event++) at(event, 0, event === 500 ? () => void read() : () => {});
  let ticks = 0;
  const ticker = setInterval(() => {
    ticks += Math.random() < 1 ? 1 : 0;
  });
  await scheduler.run(hostPump(), guards);
  clearInterval(ticker);
  expect(caught).toEqual(["Date.now()"]);
  expect(guards.violations.map((error) => error.what)).toEqual(["Date.now()"]);
});

test("a swallowed violation fails the run, if it is told to the scheduler", async () => {
  const { scheduler, at } = simulation();
  const guards = hold((error) => scheduler.fail(error));
  at(1, 0, () => {
    try {
      Math.random();
    } catch {
      // Code that is robust in the wrong place.
    }
  });
  at(2, 0, () => expect.unreachable("the run goes on"));
  await expect(scheduler.run(hostPump(), guards)).rejects.toThrow("Math.random() inside a simulated run");
});

test("runs side by side: each has its own violations", async () => {
  const runs = [0, 1, 2].map(async (id) => {
    const { scheduler, at } = simulation();
    const guards = hold();
    for (let event = 0; event < 2000; event++)
      at(event, 0, () => {
        if (event !== 1000) return;
        expect(() => Math.random()).toThrow(HostAccessError);
        if (id === 1) expect(() => performance.now()).toThrow(HostAccessError);
      });
    await scheduler.run(hostPump(), guards);
    return guards.violations.map((error) => error.what);
  });
  expect(await Promise.all(runs)).toEqual([
    ["Math.random()"],
    ["Math.random()", "performance.now()"],
    ["Math.random()"],
  ]);
});

test("the harness can measure in the middle of a run", () => {
  const guards = hold();
  guards.enter();
  expect(guards.outside(() => performance.now())).toBeGreaterThan(0);
  expect(() => performance.now()).toThrow(HostAccessError);
  guards.leave();
});
