import { expect, test } from "vitest";
import smallest from "../../scenarios/smallest/snapshot-resync.ts";
import { everyPoint } from "./every-point.ts";

test("snapshot resync: a crash at every disk write and every frame", { timeout: 120_000 }, async () => {
  const { base, points, tolerated, failures } = await everyPoint(smallest, 1);
  expect(base).toMatchObject({ verdict: "PASS", tolerated: [] });
  expect(failures).toEqual([]);
  expect(points).toBeGreaterThan(230);
  expect(tolerated).toBe(0);
  console.info(`${points} points`);
});
