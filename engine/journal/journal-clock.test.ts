import { expect, test } from "vitest";
import { NS_PER_MS } from "../ports/index.ts";
import { FakeClock } from "../testing/fake-clock.node.ts";
import { JournalClock } from "./journal-clock.ts";

const START_MS = Date.UTC(2026, 0, 1);

/** A machine that has been up for so long, and its watch. */
class Machine extends FakeClock {
  watchMs = START_MS;

  override wallMs(): number {
    return this.watchMs;
  }
}

test("times are those of the watch at the start, and go on as the monotonic clock does", async () => {
  const machine = new Machine();
  await machine.pass(7 * NS_PER_MS);
  const clock = new JournalClock(machine);
  expect(clock.nowUs()).toBe(START_MS * 1000);
  machine.watchMs += 3_600_000;
  await machine.pass(5 * NS_PER_MS);
  expect([clock.nowUs(), clock.nextUs(), clock.nextUs()]).toEqual([5000, 5000, 5001].map((us) => START_MS * 1000 + us));
});

test("every entry is later than the one before, and none later than now, also after a watch was set back", async () => {
  const machine = new Machine();
  const before = new JournalClock(machine);
  const lastUs = before.nextUs();
  machine.watchMs -= 60_000;
  const clock = new JournalClock(machine);
  clock.reached(lastUs);
  expect(clock.nowUs()).toBe(lastUs);
  expect([clock.nextUs(), clock.nextUs(), clock.nowUs()]).toEqual([lastUs + 1, lastUs + 2, lastUs + 2]);
  await machine.pass(60_001 * NS_PER_MS);
  expect(clock.nextUs()).toBe(START_MS * 1000 + 1000);
});

test("a machine that has been up for years, long after 2^53 nanoseconds, has times that are numbers of its watch", async () => {
  const machine = new Machine();
  await machine.pass(2 ** 55);
  const clock = new JournalClock(machine);
  expect([clock.nextUs(), Number.isSafeInteger(clock.nextUs())]).toEqual([START_MS * 1000, true]);
});
