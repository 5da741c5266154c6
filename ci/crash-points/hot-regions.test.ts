import { expect, test } from "vitest";
import smallest from "../../scenarios/smallest/hot-regions.ts";
import { everyPoint } from "./every-point.ts";

test("marks by region: a crash at every disk write and every frame", { timeout: 120_000 }, async () => {
  const { base, points, failures } = await everyPoint(smallest, 1);
  expect(base).toMatchObject({ verdict: "PASS", tolerated: [] });
  expect(failures).toEqual([]);
  expect(points).toBeGreaterThan(150);
  console.info(`${points} points`);
});
