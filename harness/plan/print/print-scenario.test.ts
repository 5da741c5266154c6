import { expect, test } from "vitest";
import { converged, crash, create, cut, KiB, mirror, parsePlan, type Plan, scenario } from "../index.ts";
import { printScenario } from "./print-scenario.ts";
import { PLAN_WORDS, reader } from "./read-back.node.ts";

const from = PLAN_WORDS;
const readBack = reader();

test("a topology that no helper makes is plain data", async () => {
  const topology: Plan["topology"] = {
    systems: [
      { name: "east", volumes: [{ name: "one", sizeBytes: KiB(64), trackBytes: 8192 }] },
      { name: "west", volumes: [{ name: "two", sizeBytes: KiB(64), trackBytes: 8192 }] },
    ],
    links: [{ name: "wire", between: ["east", "west"] }],
    pairs: [{ name: "both", primary: "one", secondary: "two", link: "wire", mode: "sync" }],
    latencyUs: 12_000,
  };
  const plan = scenario({ name: "x", requirements: [], topology, steps: [create("both")], expect: [] });
  const text = printScenario(plan, { from });
  expect(text).toContain('import { create, KiB, scenario } from "');
  expect(text).toContain("latencyUs: 12_000");
  expect(await readBack(text)).toEqual(plan);
});

test("a file as it is printed", () => {
  const plan = scenario({
    name: "a link that is cut",
    requirements: ["LS-5"],
    topology: mirror({ sizeBytes: KiB(64), mode: "async" }),
    steps: [create("pair"), cut("link")],
    expect: [converged()],
  });
  expect(printScenario(plan, { comment: ["resilver replay x"] })).toBe(`// resilver replay x
import { converged, create, cut, KiB, mirror, scenario } from "../../harness/plan/index.ts";

export default scenario({
  name: "a link that is cut",
  requirements: ["LS-5"],
  topology: mirror({ sizeBytes: KiB(64), mode: "async" }),
  steps: [create("pair"), cut("link")],
  expect: [converged()],
});
`);
});

test("what a loss of power leaves is printed, and names of disks are checked in it", async () => {
  const topology = mirror({ sizeBytes: KiB(64), mode: "sync" });
  const steps = [
    crash("a", "power", { survive: [{ disk: "a/meta", latest: 2 }] }),
    crash("b", "power", { lose: [{ disk: "svol", latest: 1, sectors: [3, 9] }] }),
    crash("b", "power"),
  ] as const;
  const plan = scenario({ name: "x", requirements: [], topology, steps, expect: [] });
  const text = printScenario(plan, { from });
  expect(text).toContain('crash("a", "power", { survive: [{ disk: "a/meta", latest: 2 }] })');
  expect(text).toContain('crash("b", "power")');
  expect(await readBack(text)).toEqual(plan);
  const wrong: unknown = { ...plan, steps: [crash("a", "power", { survive: [{ disk: "gone", latest: 1 }] })] };
  expect(() => parsePlan(wrong)).toThrow(/steps\[0\]\.fault: found unknown disk "gone"/);
  const both = { survive: [], lose: [] };
  expect(() => parsePlan({ ...plan, steps: [crash("a", "power", both)] })).toThrow(/either survive or lose/);
  expect(() => parsePlan({ ...plan, steps: [crash("a", "kill", { lose: [] })] })).toThrow(/only a loss of power/);
});
