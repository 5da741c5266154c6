import { expect, test } from "vitest";
import { logConformance } from "../../../engine/ports/log.conformance.ts";
import { type Step, SimLog } from "./sim-log.ts";
import { simulation } from "./simulation.fixture.ts";

logConformance({
  test,
  open: () => {
    const log = new SimLog(simulation().process);
    const steps: Step[] = [];
    log.onStep((step) => steps.push(step));
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

test("listeners are called within the step, in the order added, until they end it", () => {
  const { process } = simulation();
  const log = new SimLog(process);
  const seen: string[] = [];
  const end = log.onStep((step) => seen.push(`1 ${step.name}`));
  log.onStep((step) => seen.push(`2 ${step.name}`));
  log.step("a", {});
  expect(seen).toEqual(["1 a", "2 a"]);
  end();
  log.step("b", {});
  expect(seen).toEqual(["1 a", "2 a", "2 b"]);
});

test("a step is an event of the run, with its time, its process and the event that caused it", async () => {
  const { process, at, run, log: events } = simulation();
  const log = new SimLog(process);
  const steps: Step[] = [];
  log.onStep((step) => steps.push(step));
  at(7, 0, () => log.step("resync.begin", { tracks: 3 }));
  await run();
  expect(steps).toEqual([{ eventIndex: 1, timeNs: 7, process: "node", name: "resync.begin", fields: { tracks: 3 } }]);
  expect(events.get(1)).toMatchObject({ timeNs: 7, actor: "node", cause: 0, kind: { name: "step resync.begin" } });
});

test("the hash sees names, keys, values and their types, and no order of keys", () => {
  const digest = (name: string, fields: Record<string, string | number | boolean>): string => {
    const { process, log } = simulation();
    new SimLog(process).step(name, fields);
    return log.digest;
  };
  expect(digest("a", { x: 1, y: 2 })).toBe(digest("a", { y: 2, x: 1 }));
  const digests = [
    digest("a", {}),
    digest("b", {}),
    digest("a", { x: 1 }),
    digest("a", { x: 2 }),
    digest("a", { x: "1" }),
    digest("a", { x: true }),
    digest("a", { y: 1 }),
  ];
  expect(new Set(digests).size).toBe(digests.length);
});

test("a listener that throws fails the run", async () => {
  const { process, at, run } = simulation();
  const log = new SimLog(process);
  log.onStep(() => {
    throw new Error("the expectation of a scenario");
  });
  at(1, 0, () => log.step("a", {}));
  await expect(run()).rejects.toThrow("the expectation of a scenario");
});
