import fc from "fast-check";
import { expect, test } from "vitest";
import { checkLaw } from "../../engine/testing/check-law.ts";
import type { Mutant } from "./mutant.ts";
import { drawn, interval } from "./sample.ts";

function mutant(key: string): Mutant {
  const at = { line: 1, column: 1 };
  const location = { start: at, end: at };
  return { id: key, file: "f", mutator: "M", original: "a", replacement: "b", location, ignored: "", key };
}

const KEYS = fc.uniqueArray(fc.string(), { minLength: 1, maxLength: 40 });

test("a sample depends on the seed and the mutants alone: one that goes leaves the others in their order", () => {
  checkLaw(
    fc.property(KEYS, fc.integer(), fc.nat(), (keys, seed, which) => {
      const all = drawn(keys.map(mutant), seed);
      expect(drawn(keys.toReversed().map(mutant), seed)).toEqual(all);
      const gone = keys[which % keys.length] ?? "";
      const rest = drawn(keys.filter((key) => key !== gone).map(mutant), seed);
      expect(rest).toEqual(all.filter(({ key }) => key !== gone));
    }),
  );
});

test("another seed draws others", () => {
  const mutants = Array.from({ length: 100 }, (_, index) => mutant(String(index)));
  const first = (seed: number) =>
    drawn(mutants, seed)
      .slice(0, 10)
      .map(({ key }) => key);
  expect(first(1)).not.toEqual(first(2));
});

test("the interval holds the share, and is narrower the larger the sample", () => {
  checkLaw(
    fc.property(fc.integer({ min: 1, max: 5000 }), fc.double({ min: 0, max: 1, noNaN: true }), (size, part) => {
      const hits = Math.round(size * part);
      const { from, to } = interval(hits, size);
      expect(from).toBeLessThanOrEqual(hits / size + 1e-12);
      expect(to).toBeGreaterThanOrEqual(hits / size - 1e-12);
      const wider = to - from;
      const larger = interval(hits * 4, size * 4);
      expect(larger.to - larger.from).toBeLessThan(wider);
    }),
  );
});

test("528 of 600 killed: between 85.2 and 90.4 %", () => {
  const { from, to } = interval(528, 600);
  expect([from, to].map((share) => (share * 100).toFixed(1))).toEqual(["85.2", "90.4"]);
});
