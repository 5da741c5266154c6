import fc from "fast-check";
import { expect, test } from "vitest";
import { INITIAL, NEVER, type Operation, precedes } from "./operation.ts";
import { NO_VERSION, Versions } from "./versions.ts";

const SECTORS = 4;

const write = fc.record({
  sector: fc.nat(SECTORS - 1),
  /** Few, so that content repeats; 0 is zeros. */
  content: fc.nat(3),
  issuedAt: fc.nat(20),
  lasts: fc.nat(6),
  refused: fc.boolean(),
});

interface Plain {
  readonly operation: Operation;
  readonly content: number;
  readonly version: number;
}

/** The same history in `Versions` and as plain lists, oldest first. */
function histories(
  writes: readonly { sector: number; content: number; issuedAt: number; lasts: number; refused: boolean }[],
) {
  const versions = new Versions(SECTORS);
  const plain: Plain[][] = Array.from({ length: SECTORS }, () => [{ operation: INITIAL, content: 0, version: 0 }]);
  const inOrder = [...writes].sort((left, right) => left.issuedAt - right.issuedAt);
  for (const [index, { sector, content, lasts, refused }] of inOrder.entries()) {
    const operation: Operation = {
      ...INITIAL,
      index,
      disk: 0,
      firstSector: sector,
      sectorCount: 1,
      issuedAt: index * 3,
      endedAt: lasts === 6 ? NEVER : index * 3 + lasts * 2 + 1,
      state: refused ? "REFUSED" : lasts === 6 ? "open" : "acknowledged",
    };
    versions.add(operation, new Float64Array([content]));
    plain[sector]?.push({ operation, content, version: index + 1 });
  }
  return { versions, plain };
}

test("every question about a sector has the answer that plain lists give", () => {
  fc.assert(
    fc.property(
      fc.array(write, { maxLength: 24 }),
      fc.nat(SECTORS - 1),
      fc.nat(3),
      fc.nat(30),
      (writes, sector, hash, pick) => {
        const { versions, plain } = histories(writes);
        const list = plain[sector] as Plain[];
        const same = list.filter(({ content, operation }) => content === hash && operation.state !== "REFUSED");
        const wanted = list[pick % list.length] as Plain;
        const notOlder = same.filter(({ operation }) => !precedes(operation, wanted.operation));
        expect(versions.oldest(sector, hash)).toBe(same[0]?.version ?? NO_VERSION);
        expect(versions.newest(sector, hash)).toBe(same.at(-1)?.version ?? NO_VERSION);
        expect(versions.covers(sector, hash, wanted.version)).toBe(notOlder.length > 0);
        const least = versions.atLeast(sector, hash, wanted.version);
        expect(least !== NO_VERSION).toBe(notOlder.length > 0);
        if (least !== NO_VERSION) expect(notOlder.map(({ version }) => version)).toContain(least);
        for (const { version, content } of list) {
          expect(versions.repeats(version)).toBe(
            content === 0 || list.filter((other) => other.content === content).length > 1,
          );
        }
      },
    ),
    { numRuns: 1000 },
  );
});

test("the trim of what was never written makes no versions, of the rest one a sector", () => {
  const versions = new Versions(100_000);
  const range = { ...INITIAL, firstSector: 50_000, sectorCount: 2 };
  versions.add({ ...range, index: 0 }, new Float64Array([7, 8]));
  const trim: Operation = { ...INITIAL, index: 1, firstSector: 0, sectorCount: 100_000 };
  versions.add(trim, undefined);
  expect(trim.versionCount).toBe(2);
  expect([versions.head.get(50_000), versions.head.get(50_001), versions.head.get(0)]).toEqual([3, 4, 0]);
});
