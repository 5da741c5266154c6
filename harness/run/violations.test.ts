import { expect, test } from "vitest";
import type { Failure } from "../history/run-record.ts";
import { mirror, scenario, violates, write } from "../plan/index.ts";
import { applyViolations } from "./violations.ts";

const plan = scenario({
  name: "negative",
  requirements: [],
  topology: mirror({ mode: "sync" }),
  steps: [write("pvol", { offsetBytes: 0, lengthBytes: 512 })],
  expect: [violates("C", { fault: "bit-flip" })],
});
const struck = new Map([["bit-flip", ["svol"]]]);
const blame = (cause: string) => [
  { volume: "b/svol", offsetBytes: 0, lengthBytes: 512, found: "", expected: "", cause },
];
const failure = (rule: Failure["rule"], cause: string): Failure => ({
  rule,
  message: rule,
  timeNs: 1,
  blame: blame(cause),
});

test("the expected violation and what the same fault broke besides are taken out", () => {
  const failures = [failure("C", "disk fault bit-flip"), failure("V", "disk fault bit-flip")];
  expect(applyViolations(plan, failures, struck)).toEqual([]);
});

test("what another cause broke stays", () => {
  const other = failure("A", "crash of a");
  const target: Failure = { rule: "target", message: "", timeNs: 1, blame: blame("disk fault bit-flip") };
  expect(applyViolations(plan, [failure("C", "bit-flip"), other, target], struck)).toEqual([other, target]);
});

test("an invariant that held, or broke for another reason, fails the negative scenario", () => {
  expect(applyViolations(plan, [], struck)).toMatchObject([
    { rule: "expectation", message: expect.stringContaining("it held") as string },
  ]);
  const wrong = failure("C", "message 7 was lost");
  expect(applyViolations(plan, [wrong], struck)).toMatchObject([
    { rule: "expectation", message: expect.stringContaining("no blame names the fault bit-flip") as string },
    wrong,
  ]);
});
