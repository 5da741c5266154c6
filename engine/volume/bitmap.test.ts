import fc from "fast-check";
import { expect, test } from "vitest";
import { AssertionError } from "../assert.ts";
import { checkLaw } from "../testing/check-law.ts";
import { Bitmap, unionOf } from "./bitmap.ts";

// Lengths around the size of a page, a word, a byte, and nothing.
const lengths = fc.oneof(
  fc.integer({ min: 1, max: 200 }),
  fc.constantFrom(1, 7, 8, 9, 31, 32, 33, 63, 64, 65, 96, 511, 512, 513, 1024, 1300),
);

type Op = readonly ["set" | "clear" | "setAll" | "clearAll", number];
const ops: fc.Arbitrary<Op[]> = fc.array(
  fc.tuple(
    fc.oneof(
      { weight: 12, arbitrary: fc.constant("set" as const) },
      { weight: 8, arbitrary: fc.constant("clear" as const) },
      { weight: 1, arbitrary: fc.constantFrom("setAll" as const, "clearAll" as const) },
    ),
    fc.nat({ max: 4096 }),
  ),
  { maxLength: 60, size: "max" },
);

function build(length: number, list: readonly Op[]): { readonly bitmap: Bitmap; readonly model: Set<number> } {
  const bitmap = new Bitmap(length);
  const model = new Set<number>();
  apply(bitmap, model, list);
  return { bitmap, model };
}

function apply(bitmap: Bitmap, model: Set<number>, list: readonly Op[]): void {
  const { length } = bitmap;
  for (const [kind, pick] of list) {
    const index = pick % length;
    if (kind === "set") {
      bitmap.set(index);
      model.add(index);
    } else if (kind === "clear") {
      bitmap.clear(index);
      model.delete(index);
    } else {
      bitmap[kind]();
      model.clear();
      if (kind === "setAll") for (let bit = 0; bit < length; bit++) model.add(bit);
    }
  }
}

test("is a set of track numbers: has, count, next and indices agree with one", () => {
  checkLaw(
    fc.property(lengths, ops, (length, list) => {
      const { bitmap, model } = build(length, list);
      const sorted = [...model].toSorted((left, right) => left - right);
      expect(bitmap.count).toBe(model.size);
      expect([...bitmap.indices()]).toEqual(sorted);
      for (let index = 0; index <= length; index++) {
        expect(bitmap.has(index)).toBe(model.has(index));
        expect(bitmap.next(index)).toBe(sorted.find((bit) => bit >= index) ?? -1);
      }
    }),
  );
});

test("bytes carry any part of it, cut at the end, and merging is union", () => {
  checkLaw(
    fc.property(
      lengths,
      ops,
      ops,
      fc.nat({ max: 25 }),
      fc.nat({ max: 260 }),
      (length, mine, theirs, byte, trackCount) => {
        const { bitmap, model } = build(length, mine);
        const { bitmap: other, model: otherModel } = build(length, theirs);
        const firstTrack = byte * 8;
        const bytes = bitmap.toBytes(firstTrack, trackCount);
        expect(bytes).toHaveLength(Math.ceil(trackCount / 8));
        other.mergeBytes(firstTrack, bytes);
        const union = new Set([
          ...otherModel,
          ...[...model].filter((bit) => bit >= firstTrack && bit < firstTrack + trackCount),
        ]);
        expect(new Set(other.indices())).toEqual(union);
        expect(other.count).toBe(union.size);
        const whole = new Bitmap(length);
        whole.mergeBytes(0, bitmap.toBytes());
        expect([...whole.indices()]).toEqual([...bitmap.indices()]);
      },
    ),
  );
});

test("sets that lean on each other are sets of their own: a change of one leaves the others as they are", () => {
  const step = fc.tuple(fc.nat({ max: 2 }), ops);
  checkLaw(
    fc.property(lengths, fc.array(step, { maxLength: 8 }), (length, steps) => {
      const base = new Bitmap(length);
      const middle = new Bitmap(length, base);
      const last = new Bitmap(length, middle);
      const sets = [base, middle, last] as const;
      const models = sets.map(() => new Set<number>());
      for (const [which, list] of steps) {
        const set = sets[which] as Bitmap;
        const model = models[which] as Set<number>;
        apply(set, model, list);
        if (list.length % 3 === 1) last.lean(undefined);
        else if (list.length % 3 === 2) last.lean(middle);
        for (const [other, { size }] of models.entries()) {
          expect((sets[other] as Bitmap).count).toBe(size);
          expect(new Set((sets[other] as Bitmap).indices())).toEqual(models[other]);
        }
      }
    }),
  );
});

test("pages that are all clear or all set are skipped or told, whichever of the sets they stand in", () => {
  const page = 512;
  const fillings = fc.array(fc.constantFrom("clear" as const, "set" as const, "one" as const), {
    minLength: 4,
    maxLength: 4,
  });
  const fill = (bitmap: Bitmap, pages: readonly string[]): number[] => {
    for (const [at, filling] of pages.entries()) {
      if (filling === "one") bitmap.set(at * page + 7);
      else if (filling === "set") bitmap.mergeBytes(at * page, new Uint8Array(page / 8).fill(0xff));
    }
    return pages.flatMap((filling, at) => {
      const whole = Array.from({ length: page }, (_, index) => at * page + index);
      return filling === "set" ? whole : whole.filter((index) => filling === "one" && index === at * page + 7);
    });
  };
  checkLaw(
    fc.property(fillings, fillings, fillings, (first, second, third) => {
      const base = new Bitmap(4 * page);
      const middle = new Bitmap(4 * page, base);
      const last = new Bitmap(4 * page, middle);
      const expected = [fill(base, first), fill(middle, second), fill(last, third)];
      expect([base, middle, last].map((bitmap) => [...bitmap.indices()])).toEqual(expected);
    }),
  );
});

test("a volume of so many tracks that its pages do not fit into 16 bits has all of them", () => {
  const page = 512;
  const pages = 0x1_0000 + 10;
  const bitmap = new Bitmap(pages * page);
  for (let at = 0; at < pages; at++) bitmap.set(at * page + (at % page));
  expect(bitmap.count).toBe(pages);
  let at = 0;
  for (const index of bitmap.indices()) if (index !== at * page + (at++ % page)) expect.fail(`bit ${index}`);
  expect(at).toBe(pages);
});

test("what is common with another set is kept, within a range of words", () => {
  checkLaw(
    fc.property(lengths, ops, ops, fc.nat({ max: 40 }), fc.nat({ max: 40 }), (length, mine, theirs, from, words) => {
      const { bitmap, model } = build(length, mine);
      const { bitmap: other, model: otherModel } = build(length, theirs);
      const end = Math.min((from + words) * 32, length);
      bitmap.keepCommon(other, from * 32, end);
      const kept = [...model].filter((bit) => bit < from * 32 || bit >= end || otherModel.has(bit));
      expect(new Set(bitmap.indices())).toEqual(new Set(kept));
      expect(bitmap.count).toBe(kept.length);
    }),
  );
});

test("what is all clear or all set takes no room, and the rest that of its pages", () => {
  const length = 1_310_720;
  const bytesOf = (change: (bitmap: Bitmap) => void): number => {
    const before = process.memoryUsage().arrayBuffers;
    const bitmap = new Bitmap(length);
    change(bitmap);
    const bytes = process.memoryUsage().arrayBuffers - before;
    expect(bitmap.length).toBe(length);
    return bytes;
  };
  expect(bytesOf(() => {})).toBeLessThan(8 * 1024);
  expect(bytesOf((bitmap) => bitmap.setAll())).toBeLessThan(8 * 1024);
  const everyThird = (bitmap: Bitmap): void => {
    for (let index = 0; index < length; index += 3) bitmap.set(index);
  };
  expect(bytesOf(everyThird)).toBeGreaterThan(length / 8);
  expect(bytesOf(everyThird)).toBeLessThan((length / 8) * 1.1);
  // Filled in no order at all, and whole in the end.
  const scattered = (bitmap: Bitmap): void => {
    for (let index = 0; index < length; index++) bitmap.set((index * 7_919) % length);
  };
  expect(bytesOf(scattered)).toBeLessThan(200 * 1024);
  const filled = new Bitmap(length);
  scattered(filled);
  expect(filled.count).toBe(length);
});

test("bits of bytes beyond the last track are ignored", () => {
  const bitmap = new Bitmap(11);
  bitmap.mergeBytes(0, new Uint8Array(5).fill(0xff));
  expect([bitmap.count, [...bitmap.toBytes()]]).toEqual([11, [0xff, 0x07]]);
});

test("a track that there is not cannot be set or cleared", () => {
  const bitmap = new Bitmap(33);
  for (const index of [-1, 33, 64]) {
    expect(() => bitmap.set(index)).toThrow(AssertionError);
    expect(() => bitmap.clear(index)).toThrow(AssertionError);
  }
});

test("a row of set bits ends where the next bit is clear, the bitmap ends, or it is long enough", () => {
  checkLaw(
    fc.property(
      fc.array(fc.boolean(), { minLength: 1, maxLength: 70 }),
      fc.nat(),
      fc.integer({ min: 1, max: 40 }),
      (bits, pick, lengthMax) => {
        const bitmap = new Bitmap(bits.length);
        for (const [index, bit] of bits.entries()) if (bit) bitmap.set(index);
        const first = pick % bits.length;
        bitmap.set(first);
        const last = bitmap.runEnd(first, lengthMax);
        expect(last).toBeGreaterThanOrEqual(first);
        for (let index = first; index <= last; index++) expect(bitmap.has(index)).toBe(true);
        const isFull = last - first + 1 === lengthMax;
        expect(isFull || last + 1 === bits.length || !bitmap.has(last + 1)).toBe(true);
        expect(last - first).toBeLessThan(lengthMax);
      },
    ),
  );
});

test("the union of ascending sets has each member once, ascending", () => {
  const sets = fc.array(fc.uniqueArray(fc.nat({ max: 30 })), { maxLength: 4 });
  checkLaw(
    fc.property(sets, (unsorted) => {
      const ascending = unsorted.map((set) => set.toSorted((a, b) => a - b));
      expect([...unionOf(...ascending)]).toEqual([...new Set(unsorted.flat())].sort((a, b) => a - b));
    }),
  );
});

test("the tracks from one on", () => {
  checkLaw(
    fc.property(lengths, ops, fc.nat({ max: 250 }), (length, list, from) => {
      const { bitmap, model } = build(length, list);
      const expected = [...model].filter((index) => index >= from).sort((a, b) => a - b);
      expect([...bitmap.indices(from)]).toEqual(expected);
    }),
  );
});
