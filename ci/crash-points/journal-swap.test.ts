import { expect, test } from "vitest";
import { KiB, mirror, parsePlan, withJournals } from "../../harness/plan/index.ts";
import smallest from "../../scenarios/smallest/journal-recovery.ts";
import { everyPoint } from "./every-point.ts";

// Both ends have a journal, and the remote one recovers by itself.
const plan = parsePlan({
  ...smallest,
  topology: withJournals(mirror({ sizeBytes: KiB(64), mode: "sync" }), ["pvol", "svol"]),
  steps: smallest.steps.map((step) => (step.kind === "recover" ? { ...step, method: "swap" } : step)),
});

test("recovery by swap at both ends: a crash at every disk write and every frame", { timeout: 120_000 }, async () => {
  const { base, points, tolerated, failures } = await everyPoint(plan, 1);
  expect(base).toMatchObject({ verdict: "PASS", tolerated: [] });
  expect(failures).toEqual([]);
  expect(points).toBeGreaterThan(280);
  expect(tolerated).toBe(0);
  console.info(`${points} points`);
});
