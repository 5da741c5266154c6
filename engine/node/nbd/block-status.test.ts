import fc from "fast-check";
import { expect, test } from "vitest";
import { checkLaw } from "../../testing/check-law.ts";
import { contextsOf, extentsWithin, matching, readPieces } from "./block-status.ts";
import { MemoryExport } from "./memory-export.ts";
import type { NbdContext } from "./nbd-export.ts";

/** A context over sectors with these flags, which tells no more extents than it is asked for. */
function contextOf(flags: readonly number[]): NbdContext {
  return {
    name: "x-test:flags",
    extents: (offsetBytes, lengthBytes, countMax) =>
      flags
        .slice(offsetBytes / 512, (offsetBytes + lengthBytes) / 512)
        .slice(0, countMax)
        .map((each) => ({ lengthBytes: 512, flags: each })),
  };
}

const asked = fc
  .array(fc.constantFrom(0, 1, 2, 3), { minLength: 1, maxLength: 20 })
  .chain((flags) =>
    fc.record({
      flags: fc.constant(flags),
      offsetBytes: fc.nat(flags.length * 512 - 1),
      lengthBytes: fc.integer({ min: 1, max: flags.length * 512 }),
      countMax: fc.integer({ min: 1, max: 12 }),
    }),
  )
  .map(({ lengthBytes, ...rest }) => ({
    ...rest,
    lengthBytes: Math.min(lengthBytes, rest.flags.length * 512 - rest.offsetBytes),
  }));

test("extents tell the truth of every byte that they cover, within the range, from its first byte on", () => {
  checkLaw(
    fc.property(asked, ({ flags, offsetBytes, lengthBytes, countMax }) => {
      const extents = extentsWithin(contextOf(flags), offsetBytes, lengthBytes, countMax);
      expect(extents.length).toBeGreaterThan(0);
      expect(extents.length).toBeLessThanOrEqual(countMax);
      let at = offsetBytes;
      for (const [index, extent] of extents.entries()) {
        expect(extent.lengthBytes).toBeGreaterThan(0);
        expect(extent.flags).not.toBe(extents[index - 1]?.flags);
        for (let byte = at; byte < at + extent.lengthBytes; byte += 100)
          expect(flags[Math.floor(byte / 512)]).toBe(extent.flags);
        at += extent.lengthBytes;
      }
      expect(at).toBeLessThanOrEqual(offsetBytes + lengthBytes);
    }),
    1000,
  );
});

test("the pieces of a read cover it in order, and what is a hole reads as zeros", () => {
  checkLaw(
    fc.property(asked, ({ flags, offsetBytes, lengthBytes }) => {
      let at = offsetBytes;
      for (const piece of readPieces(contextOf(flags), offsetBytes, lengthBytes)) {
        expect(piece.offsetBytes).toBe(at);
        expect(piece.lengthBytes).toBeGreaterThan(0);
        at += piece.lengthBytes;
        if (!piece.isHole) continue;
        const sectors = flags.slice(Math.floor(piece.offsetBytes / 512), Math.ceil(at / 512));
        expect(sectors.every((each) => (each & 2) !== 0)).toBe(true);
      }
      expect(at).toBe(offsetBytes + lengthBytes);
    }),
    1000,
  );
});

test("a namespace stands for all that is in it in a list, and for nothing in a choice", () => {
  const contexts = contextsOf(new MemoryExport({ sizeBytes: 4096, bitmap: "pair" }));
  const names = (query: string, wildcards: boolean): string[] =>
    matching(contexts, query, wildcards).map(({ name }) => name);
  expect(names("base:", true)).toEqual(["base:allocation"]);
  expect(names("qemu:", true)).toEqual(["qemu:dirty-bitmap:pair"]);
  expect(names("qemu:dirty-bitmap:", true)).toEqual(["qemu:dirty-bitmap:pair"]);
  for (const query of ["base:", "qemu:", "qemu:dirty-bitmap:", "base:other", "x-other:"])
    expect(names(query, false)).toEqual([]);
  expect(names("base:allocation", false)).toEqual(["base:allocation"]);
  expect(names("qemu:dirty-bitmap:pair", false)).toEqual(["qemu:dirty-bitmap:pair"]);
});
