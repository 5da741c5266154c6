import fc from "fast-check";
import { expect, test } from "vitest";
import { SECTOR_BYTES } from "../../../../engine/ports/index.ts";
import { SimRandom } from "../sim-random.ts";
import { type ArrivingRequest, Medium } from "./medium.ts";
import { sectorChoice } from "./sector-choice.ts";

const SECTORS = 8;
const range = fc.integer({ min: 0, max: SECTORS - 1 }).chain((from) =>
  fc.record({
    from: fc.constant(from),
    count: fc.integer({ min: 1, max: SECTORS - from }),
    fill: fc.integer({ min: 0, max: 3 }),
  }),
);
const done = fc.oneof(
  { weight: 4, arbitrary: range.map((of) => ({ kind: "write" as const, ...of })) },
  { weight: 1, arbitrary: range.map((of) => ({ kind: "durable" as const, ...of })) },
  { weight: 1, arbitrary: range.map((of) => ({ kind: "trim" as const, ...of })) },
  { weight: 1, arbitrary: fc.constant({ kind: "flush" as const, from: 0, count: 0, fill: 0 }) },
);
const arriving = range.chain((of) => fc.boolean().map((isTrim) => ({ ...of, isTrim })));
const choice = fc.record({
  named: fc.array(
    fc.record({
      disk: fc.constantFrom("pvol", "svol"),
      latest: fc.integer({ min: 1, max: 8 }),
      sectors: fc.tuple(fc.integer({ min: 0, max: 4 }), fc.integer({ min: 5, max: 8 })),
    }),
    { maxLength: 6 },
  ),
  survives: fc.boolean(),
});

test("a loss of power leaves of each sector the latest version that the choice lets survive", () => {
  fc.assert(
    fc.property(
      fc.array(done, { maxLength: 8 }),
      fc.array(arriving, { maxLength: 3 }),
      choice,
      (ops, flying, chosen) => {
        const medium = new Medium(SECTORS * SECTOR_BYTES, 1024 * 1024, new SimRandom("1"));
        const bytes = (count: number, fill: number): Uint8Array => new Uint8Array(count * SECTOR_BYTES).fill(fill);
        for (const { kind, from, count, fill } of ops) {
          if (kind === "flush") medium.flush(medium.flushMark());
          else if (kind === "trim") medium.trim(from * SECTOR_BYTES, count * SECTOR_BYTES);
          else medium.write(from * SECTOR_BYTES, bytes(count, fill), kind === "write" ? "volatile" : "durable");
        }
        const requests = flying.map(({ from, count, fill, isTrim }): ArrivingRequest => {
          const at = { offsetBytes: from * SECTOR_BYTES, lengthBytes: count * SECTOR_BYTES };
          return { ...at, data: isTrim ? undefined : bytes(count, fill) };
        });
        const told = medium.unflushed(requests, (sector) => sector[0] ?? 0);
        const named = chosen.named.map(({ disk, latest, sectors }) => ({ disk, latest, sectors }));
        const mode = sectorChoice(chosen.survives ? { survive: named } : { lose: named }, "pvol");
        const expected = Array.from({ length: SECTORS }, (_none, sector) => {
          const unflushed = told.find(({ sectorIndex }) => sectorIndex === sector);
          if (unflushed === undefined) return medium.content.peek(sector * SECTOR_BYTES, 1)[0];
          const kept = unflushed.versions.findLast(({ latest }) => mode.keeps(latest, sector));
          return kept?.content ?? unflushed.durable;
        });
        medium.powerLoss(mode, () => {
          for (const { offsetBytes, lengthBytes, data } of requests) {
            if (data === undefined) medium.trim(offsetBytes, lengthBytes);
            else medium.write(offsetBytes, data, "volatile");
          }
        });
        const found = Array.from(
          { length: SECTORS },
          (_none, sector) => medium.content.peek(sector * SECTOR_BYTES, 1)[0],
        );
        expect(found).toEqual(expected);
      },
    ),
  );
});
