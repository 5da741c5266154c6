import { expect, test } from "vitest";
import { forbiddenImport } from "./zones.ts";

test.each([
  ["engine/mirror/pair.ts", "engine/ports/disk.ts"],
  ["engine/node/main.ts", "engine/controller/index.ts"],
  ["harness/world/sim/scheduler.ts", "harness/history/event-log.ts"],
  ["harness/target/sim.ts", "engine/controller/index.ts"],
  ["harness/cli/fixtures/program.ts", "reports/junit.ts"],
  ["program.ts", "reports/junit.ts"],
  ["harness/cli/doctor-command.ts", "harness/oracle/e2fsck.ts"],
  ["harness/world/containers/world.ts", "engine/node/main.ts"],
  ["harness/run/captures.ts", "harness/oracle/judgement.ts"],
  ["harness/target/sim.ts", "engine/errors.ts"],
  ["harness/trace/dmlog.test.ts", "harness/trace/open-trace.ts"],
  ["reports/junit.ts", "harness/history/event-log.ts"],
  ["scenarios/regressions/a.ts", "harness/plan/index.ts"],
  ["ci/bench/main.ts", "harness/world/sim/scheduler.ts"],
  ["ci/bench/main.ts", "engine/node/main.ts"],
])("%s may import %s", (from, to) => {
  expect(forbiddenImport(from, to)).toBeUndefined();
});

test.each([
  ["engine/mirror/pair.ts", "harness/history/event-log.ts"],
  ["engine/mirror/pair.test.ts", "harness/world/sim/scheduler.ts"],
  ["engine/mirror/pair.ts", "engine/node/main.ts"],
  ["harness/target/sim.ts", "engine/node/main.ts"],
  ["harness/check/converged.ts", "engine/mirror/pair.ts"],
  ["harness/run/run-plan.ts", "scenarios/regressions/a.ts"],
  ["harness/run/run-plan.ts", "reports/junit.ts"],
  ["harness/run/run-plan.ts", "harness/oracle/e2fsck.ts"],
  ["harness/run/run-plan.ts", "harness/trace/open-trace.ts"],
  ["harness/cli/run-command.ts", "scenarios/regressions/a.ts"],
  ["harness/cli/run-command.ts", "reports/junit.ts"],
  ["reports/junit.ts", "harness/world/sim/scheduler.ts"],
  ["reports/junit.ts", "engine/ports/disk.ts"],
  ["scenarios/regressions/a.ts", "reports/junit.ts"],
  ["scenarios/regressions/a.ts", "engine/node/main.ts"],
])("%s may not import %s", (from, to) => {
  expect(forbiddenImport(from, to)).toMatch(/may not import/);
});
