import { expect, test } from "vitest";
import { clockConformance } from "../ports/clock.conformance.ts";
import { type Clock, NS_PER_MS, sleep } from "../ports/index.ts";
import { NodeClock } from "./node-clock.ts";

/** Counts the timers that wait, so that a test can wait for the last of them. */
class CountingClock implements Clock {
  readonly #clock = new NodeClock();
  #waiting = 0;
  #idle: (() => void) | undefined;

  monotonicNs = (): number => this.#clock.monotonicNs();
  wallMs = (): number => this.#clock.wallMs();

  after(delayNs: number, callback: () => void): { cancel(): void } {
    let waits = true;
    this.#waiting++;
    const settle = (): void => {
      if (waits && --this.#waiting === 0) this.#idle?.();
      waits = false;
    };
    const timer = this.#clock.after(delayNs, () => {
      callback();
      // What the callback lets go on may set more timers.
      setImmediate(settle);
    });
    return {
      cancel: () => {
        timer.cancel();
        settle();
      },
    };
  }

  settle(): Promise<void> {
    return new Promise((resolve) => {
      this.#idle = resolve;
      if (this.#waiting === 0) resolve();
    });
  }
}

clockConformance({
  test,
  open: () => {
    const clock = new CountingClock();
    return { clock, settle: () => clock.settle() };
  },
});

test("a busy turn makes no timer early", async () => {
  const clock = new NodeClock();
  const endNs = clock.monotonicNs() + 20 * NS_PER_MS;
  while (clock.monotonicNs() < endNs);
  const startNs = clock.monotonicNs();
  await sleep(clock, 3 * NS_PER_MS);
  expect(clock.monotonicNs() - startNs).toBeGreaterThanOrEqual(3 * NS_PER_MS);
});

test("a stopped clock fires nothing", async () => {
  const clock = new NodeClock();
  const fired: string[] = [];
  clock.after(0, () => fired.push("set before"));
  clock.stop();
  clock.after(0, () => fired.push("set after"));
  await sleep(new NodeClock(), 2 * NS_PER_MS);
  expect(fired).toEqual([]);
});

test("a callback that throws takes no other timer with it", async () => {
  const clock = new NodeClock();
  const thrown = new Promise<unknown>((resolve) => {
    const others = process.listeners("uncaughtException");
    process.removeAllListeners("uncaughtException");
    process.once("uncaughtException", (error) => {
      for (const other of others) process.on("uncaughtException", other);
      resolve(error);
    });
  });
  clock.after(NS_PER_MS, () => {
    throw new Error("a bug");
  });
  const later = sleep(clock, NS_PER_MS);
  expect(await thrown).toMatchObject({ message: "a bug" });
  await later;
});
