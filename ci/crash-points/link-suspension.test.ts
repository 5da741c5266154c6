import { expect, test } from "vitest";
import smallest from "../../scenarios/smallest/link-suspension.ts";
import { everyPoint } from "./every-point.ts";

test("link suspension: a crash at every disk write and every frame", { timeout: 120_000 }, async () => {
  const { base, points, tolerated, failures } = await everyPoint(smallest, 1);
  expect(base).toMatchObject({ verdict: "PASS", tolerated: [] });
  expect(failures).toEqual([]);
  expect(points).toBeGreaterThan(200);
  // A split that is given while the link is down leaves the secondary as it is: its host is refused.
  expect(tolerated).toBeLessThanOrEqual(16);
  console.info(`${points} points`);
});
