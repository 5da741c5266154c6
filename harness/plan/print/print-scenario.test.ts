import { expect, test } from "vitest";
import { converged, create, cut, KiB, mirror, type Plan, scenario } from "../index.ts";
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
