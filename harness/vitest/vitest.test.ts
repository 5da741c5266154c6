import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
// As a user has it.
import { huntTest, scenarioTest, test } from "resilver/vitest";
import { describe, expect } from "vitest";
import { readToken } from "../cli/replay-token.ts";
import { scenarioFiles } from "../cli/scenario-files.ts";
import { engineDigest } from "../cli/engine-digest.ts";
import cutWhileDuplex from "../../scenarios/link-suspension/cut-while-duplex-sync.ts";
import {
  after,
  converged,
  crash,
  create,
  KiB,
  lostWrite,
  mirror,
  ms,
  type Plan,
  parsePlan,
  restart,
  scenario,
  split,
  workload,
} from "../plan/index.ts";
import { RunFailed } from "./artifacts.ts";
import { huntHere } from "./hunt-test.ts";

scenarioTest(cutWhileDuplex, { seeds: [1, 2, 3] });
huntTest("random plans", { seeds: { from: 1, to: 5 } });

test("each cut was felt", async ({ simulate }) => {
  const { faults } = await simulate(cutWhileDuplex, { seed: 7 });
  expect(faults.map(({ kind, effective }) => [kind, effective > 0])).toEqual([["cut", true]]);
});

const losing = scenario({
  name: "a disk that loses writes",
  requirements: [],
  topology: mirror({ sizeBytes: KiB(64), mode: "sync" }),
  steps: [create("pair"), lostWrite("svol", { nth: 3 }), workload("pvol", { writes: 50 }), after(ms(5), split("pair"))],
  expect: [converged()],
  mayRefuse: true,
});

describe("a run that fails", () => {
  test("tells how to run it again, and leaves what is needed to look into it", async ({ simulate }) => {
    const error: unknown = await simulate(losing, { seed: 4 }).catch((reason: unknown) => reason);
    if (!(error instanceof RunFailed)) throw new Error("it did not fail");
    const { message, folder, record } = error;
    expect(message.split("\n")[0]).toBe(`replay with: npm run -s resilver -- replay ${record.replay}`);
    expect(record.verdict).toBe("FAIL");
    const scenarios = scenarioFiles(new URL("../../scenarios/", import.meta.url));
    const digest = engineDigest(new URL("../../engine/", import.meta.url));
    expect(await readToken(record.replay, () => digest, scenarios)).toMatchObject({ seed: 4, plan: losing });
    const plan: unknown = JSON.parse(readFileSync(join(folder, "plan.json"), "utf8"));
    expect(plan).toEqual(losing);
    expect(readFileSync(join(folder, "scenario.ts"), "utf8")).toContain('lostWrite("svol", { nth: 3 })');
    expect(existsSync(join(folder, "record.json"))).toBe(true);
    rmSync(folder, { recursive: true });
  });

  test("is one that passes where its verdict is asked for", async ({ simulate }) => {
    const record = await simulate(losing, { verdicts: ["FAIL"], repeat: false });
    expect(record.failures.length).toBeGreaterThan(0);
  });

  test("in a hunt is made small, and left as a scenario", async () => {
    const steps = [...losing.steps, ...scenarioOf("kill").steps];
    const planOf = (seed: number): Plan => (seed < 6 ? scenarioOf("power") : parsePlan({ ...losing, steps }));
    const found = await huntHere("a hunt", { seeds: { from: 4, to: 9 }, planOf });
    if (found === undefined) throw new Error("nothing was found");
    const { message, folder, record } = found;
    expect([record.seed, record.verdict]).toEqual([6, "FAIL"]);
    expect(message).toContain("7 steps and 2 faults before, 3 and 1 now");
    const text = readFileSync(join(folder, "scenario.ts"), "utf8");
    expect(text).toContain('lostWrite("svol"');
    expect(text).not.toContain("crash");
    rmSync(folder, { recursive: true });
  });
});

/** Nothing is wrong with it. */
function scenarioOf(how: "kill" | "power"): Plan {
  const { name, topology } = losing;
  const steps = [create("pair"), crash("a", how), restart("a")];
  return parsePlan({ ...losing, name, topology, steps });
}
