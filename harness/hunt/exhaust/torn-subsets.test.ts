import fc from "fast-check";
import { expect, test } from "vitest";
import type { UnflushedDisk } from "./torn-parts.ts";
import { choiceOf, TORN_KINDS, type TornMoment, tornMoment } from "./torn-subsets.ts";
import { sectorChoice } from "../../world/sim/disk/index.ts";

interface Written {
  readonly disk: string;
  readonly latest: number;
  readonly from: number;
  readonly contents: readonly number[];
}

/** Writes as a disk would tell of them; content 0 is what every sector held before. */
function disksOf(writes: readonly Written[]): UnflushedDisk[] {
  const disks = [...new Set(writes.map(({ disk }) => disk))];
  return disks.map((disk) => {
    const chains = new Map<number, { latest: number; content: number }[]>();
    for (const { latest, from, contents } of writes
      .filter((one) => one.disk === disk)
      .toSorted((a, b) => b.latest - a.latest))
      for (const [index, content] of contents.entries())
        chains.set(from + index, [...(chains.get(from + index) ?? []), { latest, content }]);
    return {
      disk,
      sectors: [...chains].map(([sectorIndex, versions]) => ({ sectorIndex, durable: 0, versions })),
      objectOf: (sectorIndex) => `${disk} ${sectorIndex < 4 ? "head" : "rest"}`,
      beganAt: (latest) => writes.findIndex((one) => one.disk === disk && one.latest === latest),
    };
  });
}

/** What the disks hold after a loss of power that leaves what `survives` says. */
function left(
  disks: readonly UnflushedDisk[],
  survives: (disk: string, latest: number, sector: number) => boolean,
): string {
  return disks
    .flatMap(({ disk, sectors }) =>
      sectors.map(({ sectorIndex, durable, versions }) => {
        const kept = versions.findLast(({ latest }) => survives(disk, latest, sectorIndex));
        return `${disk} ${sectorIndex} ${kept?.content ?? durable}`;
      }),
    )
    .toSorted()
    .join(", ");
}

/** What each of the chosen subsets leaves. */
function contents(disks: readonly UnflushedDisk[], moment: TornMoment): string[] {
  return moment.subsets.map((subset) => {
    const choice = choiceOf(moment, subset);
    return left(disks, (disk, latest, sector) => sectorChoice(choice, disk).keeps(latest, sector));
  });
}

const written = (sectorsMax: number) =>
  fc
    .array(
      fc.record({
        disk: fc.constantFrom("pvol", "a/meta"),
        from: fc.integer({ min: 0, max: 7 }),
        contents: fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 1, maxLength: sectorsMax }),
      }),
      { minLength: 1, maxLength: 4 },
    )
    .map((writes) =>
      writes.map((one, index): Written => {
        const later = writes.slice(index + 1).filter(({ disk }) => disk === one.disk).length;
        return { ...one, latest: later + 1 };
      }),
    );

test("of up to ten sectors each content that any subset leaves is tried, once", () => {
  fc.assert(
    fc.property(written(4), (writes) => {
      const all = writes.flatMap(({ disk, latest, from, contents: of }) =>
        of.map((_content, index) => ({ disk, latest, sector: from + index })),
      );
      fc.pre(all.length <= 10);
      const disks = disksOf(writes);
      const expected = new Set<string>();
      for (let bits = 0; bits < 2 ** all.length; bits++)
        expected.add(
          left(disks, (disk, latest, sector) => {
            const at = all.findIndex((one) => one.disk === disk && one.latest === latest && one.sector === sector);
            return ((bits >>> at) & 1) === 1;
          }),
        );
      const moment = tornMoment(disks, { wholeMax: 10, subsetsMax: 2000 });
      const found = contents(disks, moment);
      expect(moment.grain).toBe("sectors");
      expect(found.toSorted()).toEqual([...expected].toSorted());
      expect(moment.sameCount).toBe(2 ** moment.sectorCount - expected.size);
    }),
  );
});

test("of more, no content twice; nothing, everything, each part alone and each alone lost are among them", () => {
  fc.assert(
    fc.property(written(9), (writes) => {
      const disks = disksOf(writes);
      const moment = tornMoment(disks, { wholeMax: 2, subsetsMax: 2000 });
      const found = contents(disks, moment);
      expect(new Set(found).size).toBe(found.length);
      expect(moment.leftOutCount).toBe(0);
      const { parts } = moment;
      const indices = [...parts.keys()];
      const wanted = [
        { survive: [] },
        { lose: [] },
        ...indices.map((index) => ({ survive: [index] })),
        ...indices.map((index) => ({ lose: [index] })),
        ...indices.map((index) => ({ survive: indices.slice(0, index) })),
      ];
      const leaves = contents(disks, {
        ...moment,
        subsets: wanted.map((one) => ({ kind: "subset" as const, ...one })),
      });
      expect(new Set(found)).toEqual(new Set([...found, ...leaves]));
      expect(tornMoment(disks, { wholeMax: 2, subsetsMax: 2000 })).toEqual(moment);
    }),
  );
});

test("above six sectors a write is torn at its first, its last and all between; above six parts by classes", () => {
  const long = (latest: number, from: number): Written => ({
    disk: "pvol",
    latest,
    from,
    contents: [1, 1, 1, 1, 1, 1, 1],
  });
  const one = tornMoment(disksOf([long(1, 0)]), { wholeMax: 6, subsetsMax: 64 });
  expect(one.parts.map(({ what }) => what.sectors)).toEqual([
    [0, 1],
    [1, 6],
    [6, 7],
  ]);
  expect([one.grain, one.subsets.length]).toEqual(["parts", 8]);
  const three = tornMoment(disksOf([long(3, 0), long(2, 10), long(1, 20)]), { wholeMax: 6, subsetsMax: 64 });
  expect([three.grain, three.parts.length, three.sectorCount]).toEqual(["classes", 9, 21]);
  const kinds = new Map<string, number>();
  for (const { kind } of three.subsets) kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  // The first part alone is one of two objects, so each kind lacks what another one came to before; 32 in all.
  expect(Object.fromEntries(kinds)).toEqual({
    none: 1,
    all: 1,
    object: 2,
    "one survives": 8,
    "one lost": 8,
    first: 6,
    last: 6,
  });
  expect(Object.keys(TORN_KINDS)).toEqual(expect.arrayContaining([...kinds.keys()]));
});

test("what there are too many of is left out, and counted; nothing and everything never are", () => {
  const writes = Array.from({ length: 20 }, (_none, index): Written => {
    return { disk: "pvol", latest: 20 - index, from: index, contents: [1] };
  });
  const all = tornMoment(disksOf(writes), { wholeMax: 6, subsetsMax: 2000 });
  const some = tornMoment(disksOf(writes), { wholeMax: 6, subsetsMax: 10 });
  expect([some.subsets.length, some.leftOutCount]).toEqual([10, all.subsets.length - 10]);
  expect(some.subsets.slice(0, 2).map(({ kind }) => kind)).toEqual(["none", "all"]);
});

test("a sector that is written as it is makes no difference", () => {
  const same: Written = { disk: "pvol", latest: 1, from: 0, contents: [0, 0, 0] };
  const moment = tornMoment(disksOf([same]), { wholeMax: 6, subsetsMax: 64 });
  expect(moment).toMatchObject({ sectorCount: 0, parts: [], subsets: [{ kind: "none", survive: [] }] });
});
