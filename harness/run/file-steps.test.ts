import { describe, expect, test } from "vitest";
import { ext4 } from "../files/ext4.node.ts";
import {
  cascade,
  create,
  dismount,
  expectRefused,
  file,
  filesHold,
  makeFiles,
  mirror,
  mount,
  parsePlan,
  removeFiles,
  resync,
  restoreFiles,
  scenario,
  split,
  status,
  wait,
  writeFiles,
} from "../plan/index.ts";
import type { Expectation } from "../plan/index.ts";
import type { Plan } from "../plan/plan.ts";
import type { RunRecord } from "../history/run-record.ts";
import { resilverTarget } from "../target/resilver-target.ts";
import { hostPump } from "../world/sim/host-pump.ts";
import { runPlan } from "./run-plan.ts";

const pump = hostPump();
const a = file("/d/a", "old", 20_000);
const b = file("/b", "old", 3000);
const newer = file("/d/a", "new", 31_000);

async function recordOf(plan: Plan): Promise<RunRecord> {
  const { record } = await runPlan(plan, {
    id: "files",
    seed: 1,
    target: resilverTarget(""),
    pump,
    replay: "",
    fileSystems: ext4,
  });
  return record;
}

function replaced(
  ...expected: readonly Expectation<{ system: "a"; volume: "pvol" | "svol"; link: "link"; pair: "pair" }>[]
) {
  return scenario({
    name: "one file replaced, one removed",
    requirements: [],
    topology: mirror({ mode: "async" }),
    steps: [
      makeFiles("pvol", [a, b]),
      create("pair"),
      wait(status("pair", "DUPLEX")),
      split("pair", { secondary: "read-write" }),
      wait(status("pair", "SPLIT")),
      writeFiles("svol", [newer]),
      removeFiles("svol", ["/b"]),
      resync("pair", { direction: "reverse" }),
      wait(status("pair", "DUPLEX")),
      mount("pvol"),
      dismount("pvol"),
      expectRefused(removeFiles("pvol", ["/b"]), "FILES"),
    ],
    expect: expected,
  });
}

describe("steps that deal with files", () => {
  test("what a host writes to one side is on the other after a resync, in every run the same", async () => {
    const record = await recordOf(replaced(filesHold("pvol", [newer]), filesHold("svol", [newer])));
    expect(record.failures).toEqual([]);
    expect(record.verdict).toBe("PASS");
  });

  test("a volume that holds other files than expected fails the run, and it says which", async () => {
    const cases = [
      { expected: [a], message: "/d/a has 31000 bytes instead of 20000" },
      { expected: [file("/d/a", "old", 31_000)], message: '/d/a does not hold "old"' },
      { expected: [newer, b], message: "/b is not there" },
      { expected: [], message: "/d/a is there too" },
    ];
    for (const { expected, message } of cases) {
      const record = await recordOf(replaced(filesHold("pvol", expected)));
      expect(record.verdict).toBe("FAIL");
      expect(record.failures[0]?.message).toContain(message);
    }
  });

  test("a restore that waits in vain for its mirror is refused: tolerated if the plan may be refused, else a failure", async () => {
    const plan = scenario({
      name: "files are restored from a backup that was never made",
      requirements: [],
      topology: cascade({ mode: "sync" }),
      steps: [
        makeFiles("pvol", [b]),
        create("pair"),
        wait(status("pair", "DUPLEX")),
        restoreFiles({ from: "gen1", names: "all" }),
      ],
      expect: [],
    });
    const refusal = "steps[3]: restore-files was refused: NOT_COME_ABOUT: the status of gen1";
    expect(await recordOf(plan)).toMatchObject({
      verdict: "FAIL",
      failures: [{ rule: "expectation", message: refusal }],
    });
    expect(await recordOf({ ...plan, mayRefuse: true })).toMatchObject({ failures: [], tolerated: [refusal] });
  });

  test("a plan must give the file system room, and a restore its mirrors", () => {
    const plan = (steps: readonly unknown[], sizeBytes = 4 * 1024 * 1024): unknown => ({
      schemaVersion: 1,
      name: "files",
      requirements: [],
      topology: mirror({ mode: "sync", sizeBytes }),
      steps,
      expect: [],
    });
    expect(() => parsePlan(plan([makeFiles("pvol", [a])]))).not.toThrow();
    expect(() => parsePlan(plan([makeFiles("pvol", [a])], 1024 * 1024))).toThrow("at steps[0].volume");
    expect(() => parsePlan(plan([makeFiles("nowhere", [a])]))).toThrow("at steps[0].volume");
    expect(() => parsePlan(plan([restoreFiles({ from: "pair", names: "all" })]))).toThrow("at steps[0].from");
    expect(() => parsePlan(plan([writeFiles("pvol", [file("b", "old", 1)])]))).toThrow("an absolute path");
  });
});
