import { expect, test } from "vitest";
import { Lag } from "./lag.ts";
import { NO_CHANGES } from "./outbox.ts";

test("nothing is missing at first, and after the other end has caught up", () => {
  const lag = new Lag();
  expect(lag.report(50, NO_CHANGES)).toEqual({ writes: 0, ageNs: 0 });
  lag.missed(10);
  lag.caughtUp();
  expect(lag.report(50, NO_CHANGES)).toEqual({ writes: 0, ageNs: 0 });
});

test("the age is that of the oldest change, wherever it is", () => {
  const lag = new Lag();
  const underWay = { count: 2, oldestNs: 20 };
  expect(lag.report(50, underWay)).toEqual({ writes: 2, ageNs: 30 });
  lag.lost(underWay);
  lag.missed(40);
  expect(lag.report(50, NO_CHANGES)).toEqual({ writes: 3, ageNs: 30 });
  // A new session: what is under way now is younger.
  expect(lag.report(60, { count: 1, oldestNs: 55 })).toEqual({ writes: 4, ageNs: 40 });
});

test("a session that had nothing under way loses nothing", () => {
  const lag = new Lag();
  lag.lost(NO_CHANGES);
  expect(lag.report(50, NO_CHANGES)).toEqual({ writes: 0, ageNs: 0 });
});
