import { pino } from "pino";
import { expect, test } from "vitest";
import { logConformance } from "../ports/log.conformance.ts";
import { NodeClock } from "./node-clock.ts";
import { type LoggedStep, PinoLog } from "./pino-log.ts";

function open(write: (line: string) => void = () => {}) {
  const log = new PinoLog(pino({ base: null }, { write }), new NodeClock());
  const steps: LoggedStep[] = [];
  log.onStep((step) => steps.push(step));
  return { log, steps };
}

logConformance({
  test,
  open: () => {
    const { log, steps } = open();
    return {
      log,
      steps: () => steps,
      breakListener: () => {
        log.onStep(() => {
          throw new Error("a broken listener");
        });
      },
    };
  },
});

test("a step is one line of JSON, and a field never passes for one of the logger's", () => {
  const lines: string[] = [];
  const { log } = open((line) => lines.push(line));
  log.step("resync.copied", { track: 1 });
  log.step("resync.begin", { level: "mine", tracks: 3, bad: Number.NaN });
  expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
    { level: 30, time: expect.any(Number), step: "resync.begin", fields: { level: "mine", tracks: 3, bad: null } },
  ]);
});

test("listeners get number and time; a broken one is reported, and the others are still called", () => {
  const lines: string[] = [];
  const { log, steps } = open((line) => lines.push(line));
  const end = log.onStep(() => {
    throw new Error("a broken listener");
  });
  const later: number[] = [];
  log.onStep(({ n }) => later.push(n));
  log.step("a", {});
  end();
  log.step("b", {});
  expect(later).toEqual([0, 1]);
  expect(steps[1]?.atNs).toBeGreaterThanOrEqual(steps[0]?.atNs ?? Infinity);
  expect(lines.filter((line) => line.includes("a broken listener"))).toHaveLength(1);
});

test("a destination that fails is not the engine's concern", () => {
  const { log, steps } = open(() => {
    throw new Error("disk full");
  });
  log.step("a", {});
  expect(steps).toHaveLength(1);
});
