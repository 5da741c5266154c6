import { expect, test } from "vitest";
import type { RunRecord, Verdict } from "../history/run-record.ts";
import { create, mirror, scenario } from "../plan/index.ts";
import { containerRunner } from "./container-runner.ts";
import { unfinishedRecord } from "./run-task.ts";

const plan = scenario({
  name: "any",
  requirements: ["LS-5"],
  topology: mirror({ mode: "sync" }),
  steps: [create("pair")],
  expect: [],
});

/** A stage that notes what becomes of it. */
class NotedStage {
  readonly number: number;
  readonly #told: string[];

  constructor(number: number, told: string[]) {
    this.number = number;
    this.#told = told;
  }

  async close(): Promise<void> {
    this.#told.push(`${this.number} closed`);
  }
}

function recordWith(verdict: Verdict, isHarness = verdict === "ERROR"): RunRecord {
  const task = { id: "any", name: "any", requirements: [], seed: 1, world: "containers", repeat: false } as const;
  const record = unfinishedRecord({ ...task, heavy: false, replay: "" }, verdict, "");
  return isHarness ? record : { ...record, failures: [] };
}

/** A runner whose runs end as they are told to, and what happened. */
function rig(ends: (Verdict | RunRecord | Error)[]) {
  const told: string[] = [];
  let stages = 0;
  const runner = containerRunner(async () => ({
    createStage: async () => new NotedStage(++stages, told),
    run: async (_plan, { stage }) => {
      told.push(`run on ${stage.number}`);
      const end = ends.shift();
      if (end === undefined) throw new Error("one run too many");
      if (end instanceof Error) throw end;
      return typeof end === "string" ? recordWith(end) : end;
    },
  }));
  return { told, run: () => runner(plan, { id: "any", seed: 1, replay: "" }) };
}

test("runs that follow one another share a stage, also after a failure of the system under test", async () => {
  const { told, run } = rig(["PASS", "FAIL", "UNKNOWN"]);
  for (const verdict of ["PASS", "FAIL", "UNKNOWN"]) expect((await run()).verdict).toBe(verdict);
  expect(told).toEqual(["run on 1", "run on 1", "run on 1"]);
});

test("an ERROR is the record, is not run again, and only the next plan gets another stage", async () => {
  const { told, run } = rig(["ERROR", "PASS"]);
  expect((await run()).verdict).toBe("ERROR");
  expect(told).toEqual(["run on 1", "1 closed"]);
  expect((await run()).verdict).toBe("PASS");
  expect(told).toEqual(["run on 1", "1 closed", "run on 2"]);
});

test("a stage that was not healed is not used again, whatever else the run found", async () => {
  const { told, run } = rig([recordWith("FAIL", true), "PASS"]);
  expect((await run()).verdict).toBe("FAIL");
  await run();
  expect(told).toEqual(["run on 1", "1 closed", "run on 2"]);
});

test("a world that cannot be made or healed fails this plan alone", async () => {
  const { told, run } = rig([new Error("a toxic is left"), "PASS"]);
  await expect(run()).rejects.toThrow("a toxic is left");
  expect((await run()).verdict).toBe("PASS");
  expect(told).toEqual(["run on 1", "1 closed", "run on 2"]);
});
