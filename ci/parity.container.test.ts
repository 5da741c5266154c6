import { afterAll, beforeAll, expect, test } from "vitest";
import { loadAll, scenarioFiles } from "../harness/cli/scenario-files.ts";
import type { RecoverySample } from "../harness/history/run-record.ts";
import { parsePlan } from "../harness/plan/plan.ts";
import { runPlan } from "../harness/run/run-plan.ts";
import { resilverTarget } from "../harness/target/resilver-target.ts";
import { runInContainers } from "../harness/world/containers/run-in-containers.ts";
import { Stage } from "../harness/world/containers/stage.ts";
import { hostPump } from "../harness/world/sim/host-pump.ts";

// A few scenarios of each kind of fault; `resilver parity` compares all of them.
const CHOSEN = [
  "concurrent-restore/orders-of-write-and-copy",
  "detection/lost-write-on-the-secondary",
  "link-suspension/consistency-group-cut",
  "link-suspension/cut-while-duplex-sync",
  "link-suspension/half-open-upstream",
  "link-suspension/secondary-paused",
  "link-suspension/secondary-power-loss-in-every-state",
  "link-suspension/slow-link",
  "link-suspension/takeover-and-fail-back",
  "smallest/journal-recovery",
  "snapshot-resync/snapshot-and-differences",
];

const entries = (await loadAll(scenarioFiles(new URL("../scenarios/", import.meta.url)))).filter(({ id }) =>
  CHOSEN.includes(id),
);

let stage: Stage;

beforeAll(async () => {
  stage = await Stage.create();
});

afterAll(() => stage.close());

test("the chosen scenarios exist", () => {
  expect(entries.map(({ id }) => id)).toEqual(CHOSEN);
});

test.each(entries)("$id: real containers come to the verdict of the simulated world", async ({ id, plan: data }) => {
  const plan = parsePlan(data);
  const options = { id, seed: 1, replay: "", recovery: true };
  const target = resilverTarget("parity");
  const { record: simulated } = await runPlan(plan, { ...options, target, pump: hostPump(), repeat: false });
  const { verdict, failures, checks, recovery } = await runInContainers(plan, { ...options, stage });
  expect({ verdict, failures }).toEqual({ verdict: simulated.verdict, failures: [] });
  expect(checks.A).toBeGreaterThan(0);
  // What a takeover lacks depends on no time where every write is acknowledged by both ends.
  const lossOf = (samples: readonly RecoverySample[] = []): readonly RecoverySample[] =>
    samples.filter(({ measure }) => measure === "rpo");
  expect(lossOf(recovery?.samples)).toEqual(lossOf(simulated.recovery?.samples));
});
