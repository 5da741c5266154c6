import { expect, test } from "vitest";
import { loadAll, scenarioFiles } from "../harness/cli/scenario-files.ts";
import type { Failure } from "../harness/history/run-record.ts";
import type { Plan } from "../harness/plan/plan.ts";
import { ext4 } from "../harness/files/ext4.node.ts";
import { chaosPlan } from "../harness/hunt/chaos-plan.ts";
import { DEFAULT_LIMITS } from "../harness/run/limits.ts";
import { runOnce } from "../harness/run/run-once.ts";
import { applyViolations } from "../harness/run/violations.ts";
import { resilverTarget } from "../harness/target/resilver-target.ts";
import { hostPump } from "../harness/world/sim/host-pump.ts";

// The container world cannot look at everything within each event. Here the simulated one judges in the same way, by
// samples, and must come to the same verdicts as it does when it sees everything.

const found = await loadAll(scenarioFiles(new URL("../scenarios/", import.meta.url)));
const entries = found.map(({ id, plan }) => ({ id, plan: plan as Plan }));

/** Recorded programs and large volumes take too long to be looked at again and again. */
const isSmall = ({ steps, topology }: Plan): boolean =>
  !JSON.stringify(steps).includes('"kind":"trace"') &&
  topology.systems.every(({ volumes }) => volumes.every(({ sizeBytes }) => sizeBytes <= 64 * 1024 * 1024));

async function failuresOf(plan: Plan, seed: number, everyMs: number, lagMs: number): Promise<readonly Failure[]> {
  const { failures, check, struck } = await runOnce(plan, {
    seed,
    target: resilverTarget("sampled"),
    pump: hostPump(),
    limits: DEFAULT_LIMITS,
    traces: new Map(),
    oracles: new Map(),
    fileSystems: ext4,
    checkBuffers: false,
    census: false,
    sampling: { everyNs: everyMs * 1e6, lagNs: lagMs * 1e6 },
  });
  return applyViolations(plan, [...failures, ...check.failures], struck);
}

test.each([
  ["link-suspension", 20, 1],
  ["link-suspension", 7, 3],
  ["snapshot-resync", 20, 1],
  ["backup-restore", 20, 1],
  ["journal-recovery", 20, 1],
  ["journal-recovery", 7, 3],
  ["concurrent-restore", 20, 1],
  ["concurrent-restore", 7, 3],
  ["smallest", 20, 1],
  ["regressions", 7, 3],
  ["detection", 20, 1],
] as const)(
  "%s, sampled every %i ms with a lag of %i ms: the verdicts are the same",
  { timeout: 180_000 },
  async (folder, everyMs, lagMs) => {
    const chosen = entries.filter(({ id, plan }) => id.startsWith(`${folder}/`) && isSmall(plan));
    expect(chosen.length).toBeGreaterThan(3);
    const seed = 1 + (everyMs % 3);
    for (const { id, plan } of chosen) {
      const failures = await failuresOf(plan, seed, everyMs, lagMs);
      expect({ id, seed, failures }).toEqual({ id, seed, failures: [] });
    }
  },
);

test("rounds of chaos, sampled: what is drawn for containers is judged there as here", {
  timeout: 180_000,
}, async () => {
  for (let round = 1; round <= 12; round++) {
    const plan = chaosPlan(1, round);
    const failures = await failuresOf(plan, 1, 20, 1);
    expect({ round, failures }).toEqual({ round, failures: [] });
  }
});
