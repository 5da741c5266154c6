import { expect, test } from "vitest";
import smallest from "../../scenarios/smallest/pair-deleted.ts";
import { everyPoint } from "./every-point.ts";

test("a pair that is deleted: a crash at every disk write and every frame", { timeout: 120_000 }, async () => {
  const { base, points, tolerated, failures } = await everyPoint(smallest, 1);
  expect(base).toMatchObject({ verdict: "PASS", tolerated: [] });
  expect(failures).toEqual([]);
  expect(points).toBeGreaterThan(200);
  expect(tolerated).toBe(0);
  console.info(`${points} points`);
});
