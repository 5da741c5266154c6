import fc from "fast-check";
import { expect, test } from "vitest";
import type { Verdict } from "./run-record.ts";
import { mergeVerdicts } from "./verdict.ts";

const ORDER: readonly Verdict[] = ["FAIL", "ERROR", "UNKNOWN", "SKIPPED", "PASS"];
const verdicts = fc.array(fc.constantFrom(...ORDER), { minLength: 1 });

test("the worst wins, in any order and any grouping", () => {
  fc.assert(
    fc.property(verdicts, verdicts, (left, right) => {
      const merged = mergeVerdicts([...left, ...right]);
      expect(mergeVerdicts([mergeVerdicts(right), mergeVerdicts(left)])).toBe(merged);
      expect(ORDER.indexOf(merged)).toBe(Math.min(...[...left, ...right].map((verdict) => ORDER.indexOf(verdict))));
    }),
  );
});

test("nothing executed is never a pass", () => {
  expect(mergeVerdicts([])).toBe("UNKNOWN");
});
