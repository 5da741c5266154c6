import { type Clock, NS_PER_MS, sleep } from "./clock.ts";
import { type ConformanceTest, expectSame, expectThat } from "./conformance.ts";

/** A clock and the means to let its time pass. */
export interface ClockUnderTest {
  readonly clock: Clock;
  /** Lets time pass until every timer set so far, and every timer those set, has fired. */
  settle(): Promise<void>;
  /** Moves the wall clock by `deltaMs`, either way; leave it out where the wall clock cannot be moved. */
  stepWall?(deltaMs: number): void;
}

export interface ClockConformanceOptions {
  readonly test: ConformanceTest;
  /** A fresh clock without timers. */
  open(): ClockUnderTest;
}

/** What every {@link Clock} does, whatever keeps its time. */
export function clockConformance({ test, open }: ClockConformanceOptions): void {
  test("clock: both times are whole numbers below 2^53", () => {
    const { clock } = open();
    expectThat(Number.isSafeInteger(clock.monotonicNs()), `monotonicNs gave ${clock.monotonicNs()}`);
    expectThat(Number.isSafeInteger(clock.wallMs()), `wallMs gave ${clock.wallMs()}`);
  });

  test("clock: a timer fires once, not before its delay, and never inside after()", async () => {
    const { clock, settle } = open();
    const lateNs: number[] = [];
    for (const delayNs of [0, 1, 999, NS_PER_MS, 3 * NS_PER_MS + 7]) {
      const dueNs = clock.monotonicNs() + delayNs;
      clock.after(delayNs, () => lateNs.push(clock.monotonicNs() - dueNs));
    }
    expectSame(lateNs.length, 0, "timers fired before after() returned");
    await settle();
    expectSame(lateNs.length, 5, "timers fired");
    for (const late of lateNs) expectThat(late >= 0, `a timer fired ${-late} ns early`);
  });

  test("clock: timers fire by delay, those of equal delay in the order set", async () => {
    const { clock, settle } = open();
    const fired: string[] = [];
    for (const [delayMs, name] of [
      [8, "d"],
      [2, "a"],
      [4, "c1"],
      [2, "b"],
      [4, "c2"],
    ] as const) {
      clock.after(delayMs * NS_PER_MS, () => fired.push(name));
    }
    await settle();
    expectSame(fired, ["a", "b", "c1", "c2", "d"], "order of timers");
  });

  test("clock: a cancelled timer does not fire; cancel is idempotent, also after firing", async () => {
    const { clock, settle } = open();
    const fired: string[] = [];
    const cancelled = clock.after(NS_PER_MS, () => fired.push("cancelled"));
    const kept = clock.after(2 * NS_PER_MS, () => fired.push("kept"));
    cancelled.cancel();
    cancelled.cancel();
    await settle();
    kept.cancel();
    kept.cancel();
    await settle();
    expectSame(fired, ["kept"], "timers fired");
  });

  test("clock: a timer can cancel another that is due at the same moment", async () => {
    const { clock, settle } = open();
    const fired: string[] = [];
    clock.after(NS_PER_MS, () => {
      fired.push("first");
      second.cancel();
    });
    const second = clock.after(NS_PER_MS, () => fired.push("second"));
    await settle();
    expectSame(fired, ["first"], "timers fired");
  });

  test("clock: sleep takes at least as long as asked, and time never goes back", async () => {
    const { clock, settle } = open();
    const seenNs: number[] = [clock.monotonicNs()];
    const walk = async (): Promise<void> => {
      for (let step = 0; step < 8; step++) {
        await sleep(clock, NS_PER_MS);
        seenNs.push(clock.monotonicNs());
      }
    };
    const walking = walk();
    await settle();
    await walking;
    for (let step = 1; step < seenNs.length; step++) {
      const passedNs = (seenNs[step] as number) - (seenNs[step - 1] as number);
      expectThat(passedNs >= NS_PER_MS, `step ${step}: a sleep of ${NS_PER_MS} ns took ${passedNs} ns`);
    }
  });

  test("clock: a step of the wall clock moves neither monotonic time nor timers", async () => {
    const { clock, settle, stepWall } = open();
    if (stepWall === undefined) return;
    const fired: string[] = [];
    clock.after(2 * NS_PER_MS, () => fired.push("later"));
    clock.after(NS_PER_MS, () => {
      const beforeNs = clock.monotonicNs();
      const beforeMs = clock.wallMs();
      stepWall(-3_600_000);
      expectThat(clock.monotonicNs() >= beforeNs, "monotonic time went back");
      expectThat(clock.monotonicNs() - beforeNs < 1000 * NS_PER_MS, "monotonic time jumped");
      expectThat(clock.wallMs() < beforeMs, "the wall clock did not go back");
      fired.push("step");
    });
    await settle();
    expectSame(fired, ["step", "later"], "order around the step");
  });
}
