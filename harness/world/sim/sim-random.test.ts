import fc from "fast-check";
import { expect, test } from "vitest";
import { randomConformance } from "../../../engine/ports/random.conformance.ts";
import { SimRandom } from "./sim-random.ts";

randomConformance({ test, open: (seed) => new SimRandom(seed) });

const first = (random: SimRandom): string => Array.from({ length: 4 }, () => random.next32()).join(" ");

test("neighbouring seeds and names share no stream", () => {
  const seen = new Set<string>();
  const root = new SimRandom("root");
  for (let index = 0; index < 10_000; index++) {
    seen.add(first(new SimRandom(String(index))));
    seen.add(first(root.fork(String(index))));
  }
  expect(seen.size).toBe(20_000);
});

test("one unit more or less in a name changes every word of the stream", () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 40 }), fc.string({ minLength: 1, maxLength: 1 }), (name, unit) => {
      const [left, right] = [new SimRandom(name), new SimRandom(name + unit)];
      const equal = Array.from({ length: 16 }, () => left.next32() === right.next32()).filter(Boolean).length;
      expect(equal).toBeLessThan(3);
    }),
  );
});

test("the first words of a fixed seed stay as they are, so that old seeds still replay", () => {
  expect(first(new SimRandom("1"))).toMatchInlineSnapshot(`"1719226725 1232126574 3066779401 254124644"`);
  expect(first(new SimRandom("1").fork("net").fork("link"))).toMatchInlineSnapshot(
    `"1098860041 3909268921 928031691 3753381061"`,
  );
});

test("a run that is seeded again draws as before until then, and afterwards by the salt alone", () => {
  const drawn = (salts: readonly string[]): number[] => {
    const root = new SimRandom("7");
    const early = root.fork("disk");
    const numbers = [early.next32(), early.next32()];
    for (const salt of salts) root.reseed(salt);
    return [...numbers, early.next32(), early.next32(), root.fork("late").next32(), root.next32()];
  };
  const [plain, once, again, other] = [[], ["x"], ["x"], ["y"]].map(drawn);
  expect(once).toEqual(again);
  for (const one of [once, other]) expect(one?.slice(0, 2)).toEqual(plain?.slice(0, 2));
  const later = [plain, once, other].flatMap((one) => one?.slice(2) ?? []);
  expect(new Set(later).size).toBe(12);
});
