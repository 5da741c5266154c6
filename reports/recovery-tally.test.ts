import { expect, test } from "vitest";
import type { RecoverySample } from "../harness/history/run-record.ts";
import { RecoveryTally } from "./recovery-tally.ts";
import { runRecord } from "./run-records.fixture.ts";

function tallyOf(samples: readonly RecoverySample[]) {
  const tally = new RecoveryTally();
  const times = { hostRequests: 0, hostRequestsDone: 0, hostOutagesMs: [], apartMs: [], resyncsMs: [] };
  tally.add(runRecord({ id: "folder/one", recovery: { ...times, samples } }));
  return tally.finish();
}

test("each measure has its distribution by fault and by folder; that of loss in bytes, too", () => {
  const found = tallyOf([
    { measure: "rpo", fault: "crash", ms: 0, bytes: 512 },
    { measure: "rto", fault: "cut", ms: 200 },
    { measure: "rto", fault: "crash", ms: 100 },
  ]);
  const names = found.map(({ measure, unit, by, name, count }) => `${measure} ${unit} ${by} ${name} ${count}`);
  expect(names.toSorted()).toEqual([
    "rpo bytes family folder 1",
    "rpo bytes fault crash 1",
    "rpo ms family folder 1",
    "rpo ms fault crash 1",
    "rto ms family folder 2",
    "rto ms fault crash 1",
    "rto ms fault cut 1",
  ]);
});

test("half, nineteen of twenty and all are within what it says; of many values some are drawn, the least and the most among them", () => {
  const [only] = tallyOf(
    Array.from({ length: 1001 }, (_, ms) => ({ measure: "resync" as const, fault: "cut", ms: 1000 - ms })),
  );
  expect(only).toMatchObject({ count: 1001, p50: 500, p95: 950, max: 1000 });
  expect(only?.drawn).toHaveLength(120);
  expect([only?.drawn.at(0), only?.drawn.at(-1)]).toEqual([0, 1000]);
});
