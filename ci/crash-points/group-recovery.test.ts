import { expect, test } from "vitest";
import { group, KiB, parsePlan, withJournals } from "../../harness/plan/index.ts";
import smallest from "../../scenarios/smallest/group-recovery.ts";
import { everyPoint } from "./every-point.ts";

/** Both ends have journals, and the remote one recovers by itself; by swap. */
const swapped = parsePlan({
  ...smallest,
  topology: withJournals(
    withJournals(group(["log", "data"], { sizeBytes: KiB(32), mode: "sync" }), ["log-p", "data-p"], {
      group: "database",
    }),
    ["log-s", "data-s"],
  ),
  steps: smallest.steps.map((step) => (step.kind === "recover-group" ? { ...step, method: "swap" } : step)),
});

test.each([
  ["by its journals", smallest, 280],
  ["by swap at both ends", swapped, 280],
] as const)(
  "recovery of a group %s: a crash at every disk write and every frame",
  { timeout: 300_000 },
  async (_how, plan, pointsMin) => {
    const { base, points, tolerated, failures } = await everyPoint(plan, 1);
    expect(base).toMatchObject({ verdict: "PASS", tolerated: [] });
    expect(failures).toEqual([]);
    expect(points).toBeGreaterThan(pointsMin);
    expect(tolerated).toBe(0);
    console.info(`${points} points`);
  },
);
