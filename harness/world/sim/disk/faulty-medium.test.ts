import fc from "fast-check";
import { expect, test } from "vitest";
import { DiskError } from "../../../../engine/ports/index.ts";
import { SimRandom } from "../sim-random.ts";
import { DiskFaultError, type DiskFaultSpec } from "./disk-fault.ts";
import { FaultyMedium } from "./faulty-medium.ts";
import { Medium } from "./medium.ts";
import { filled } from "./sim-disk.fixture.ts";

const SECTOR = 512;
const SECTORS = 128 + 21;
const SIZE_BYTES = SECTORS * SECTOR;
const CACHE_BYTES = 4 * 1024 * 1024;

const range = fc.tuple(fc.nat(SECTORS - 1), fc.integer({ min: 1, max: 60 })).map(([sector, count]) => ({
  offsetBytes: sector * SECTOR,
  lengthBytes: Math.min(count, SECTORS - sector) * SECTOR,
}));

const falsehood = fc.oneof(
  fc.record({ kind: fc.constant("lost-write" as const), range }),
  fc.record({ kind: fc.constant("misdirected-write" as const), range }),
  range.chain(({ offsetBytes: toOffsetBytes }) =>
    fc.record({ kind: fc.constant("misdirected-write" as const), range, toOffsetBytes: fc.constant(toOffsetBytes) }),
  ),
  fc.record({ kind: fc.constant("bit-flip" as const), range, bitIndex: fc.nat(100_000) }),
  fc.record({ kind: fc.constant("bit-rot" as const), range, bits: fc.integer({ min: 1, max: 5 }) }),
);

const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ op: fc.constant("inject" as const), spec: falsehood }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant("heal" as const) }) },
  { weight: 8, arbitrary: fc.record({ op: fc.constant("write" as const), range, byte: fc.nat(3), fua: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ op: fc.constant("trim" as const), range }) },
  { weight: 2, arbitrary: fc.record({ op: fc.constant("flush" as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      op: fc.constant("power-loss" as const),
      mode: fc.constantFrom("lose-all" as const, "keep-all" as const),
    }),
  },
);

test("the pristine copy is what an honest disk holds, and damage is exactly where the two differ", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40, size: "max" }), fc.nat(), (steps, seed) => {
      const liar = new FaultyMedium("d", SIZE_BYTES, CACHE_BYTES, new SimRandom(String(seed)));
      const honest = new Medium(SIZE_BYTES, CACHE_BYTES, new SimRandom("1"));
      let faults: { heal(): void; readonly faultId: number }[] = [];
      const injected = new Set<number>();
      for (const now of steps) {
        if (now.op === "inject") {
          const fault = liar.inject(now.spec);
          faults.push(fault);
          injected.add(fault.faultId);
        } else if (now.op === "heal") {
          for (const fault of faults) fault.heal();
          faults = [];
        } else if (now.op === "write") {
          const { offsetBytes, lengthBytes } = now.range;
          const data = filled(now.byte, lengthBytes);
          liar.write(offsetBytes, data, now.fua, liar.decide({ kind: "write", offsetBytes, lengthBytes }));
          expect(data).toEqual(filled(now.byte, lengthBytes));
          honest.write(offsetBytes, data, now.fua ? "durable" : "volatile");
        } else if (now.op === "trim") {
          liar.trim(now.range.offsetBytes, now.range.lengthBytes);
          honest.trim(now.range.offsetBytes, now.range.lengthBytes);
        } else if (now.op === "flush") {
          liar.flush(liar.medium.flushMark());
          honest.flush(honest.flushMark());
        } else {
          liar.medium.powerLoss(now.mode);
          honest.powerLoss(now.mode);
        }
        const expected = honest.content.copy(0, SIZE_BYTES);
        if (Buffer.compare(liar.medium.pristine(0, SIZE_BYTES), expected) !== 0) throw new Error("pristine");
        const found = liar.medium.content.copy(0, SIZE_BYTES);
        const differing: number[] = [];
        for (let sector = 0; sector < SECTORS; sector++) {
          const [from, to] = [sector * SECTOR, (sector + 1) * SECTOR];
          if (Buffer.compare(found.subarray(from, to), expected.subarray(from, to)) !== 0) differing.push(sector);
        }
        const damage = liar.medium.damage();
        expect(damage.map(({ sectorIndex }) => sectorIndex)).toEqual(differing);
        for (const { faultId } of damage) expect(injected).toContain(faultId);
      }
    }),
    { seed: 7, numRuns: 200 },
  );
});

test("honest zeros over a lost write in a part never written mend it, and a power loss can bring it back", () => {
  for (const how of ["trim", "write"] as const) {
    const medium = faulty();
    medium.inject({ kind: "lost-write", nth: 1, count: 1 });
    medium.write(0, filled(1, 2 * SECTOR), true, medium.decide(shape("write", 0, 2 * SECTOR)));
    if (how === "trim") medium.trim(0, SECTOR);
    else medium.write(0, filled(0, SECTOR), false);
    expect(medium.medium.damage()).toEqual([{ sectorIndex: 1, faultId: 1 }]);
    medium.medium.powerLoss("lose-all");
    expect(medium.medium.damage().map(({ sectorIndex }) => sectorIndex)).toEqual([0, 1]);
    expect(medium.medium.pristine(0, 2 * SECTOR)).toEqual(filled(1, 2 * SECTOR));
  }
});

const shape = (kind: "read" | "write" | "flush" | "trim", offsetBytes = 0, lengthBytes = SECTOR) => ({
  kind,
  offsetBytes,
  lengthBytes,
});

function faulty(seed = "1"): FaultyMedium {
  return new FaultyMedium("d", SIZE_BYTES, CACHE_BYTES, new SimRandom(seed));
}

test("a trigger hits from its n-th match, at most its count, and only what touches its half-open range", () => {
  fc.assert(
    fc.property(
      range,
      fc.integer({ min: 1, max: 5 }),
      fc.integer({ min: 1, max: 5 }),
      fc.array(range),
      (at, nth, count, requests) => {
        const medium = faulty();
        const fault = medium.inject({ kind: "eio", on: ["read"], range: at, nth, count });
        let matching = 0;
        for (const request of requests) {
          const overlaps =
            request.offsetBytes < at.offsetBytes + at.lengthBytes &&
            at.offsetBytes < request.offsetBytes + request.lengthBytes;
          expect(medium.decide({ kind: "write", ...request })).toBeUndefined();
          const hit = medium.decide({ kind: "read", ...request }) !== undefined;
          if (overlaps) matching++;
          expect(hit).toBe(overlaps && matching >= nth && matching < nth + count);
        }
        expect(fault.effects()).toEqual({ requests: 0, sectors: 0 });
      },
    ),
    { seed: 8 },
  );
});

test("a probability hits about its share, the same requests for the same seed, and healing ends it", () => {
  const hits = (seed: string): number[] => {
    const medium = faulty(seed);
    const fault = medium.inject({ kind: "eio", on: ["write"], probability: 0.25 });
    const chosen = Array.from({ length: 4000 }, (_, index) => index).filter(
      () => medium.decide(shape("write")) !== undefined,
    );
    fault.heal();
    expect(medium.decide(shape("write"))).toBeUndefined();
    return chosen;
  };
  const chosen = hits("1");
  expect(chosen.length).toBeGreaterThan(1000 - 6 * 28);
  expect(chosen.length).toBeLessThan(1000 + 6 * 28);
  expect(hits("1")).toEqual(chosen);
  expect(hits("2")).not.toEqual(chosen);
});

test("taking one fault away leaves the draws of another", () => {
  const draws = (both: boolean): boolean[] => {
    const medium = faulty();
    if (both) medium.inject({ kind: "lost-write", probability: 0.5 });
    const eio = medium.inject({ kind: "eio", on: ["read"], probability: 0.5 });
    return Array.from({ length: 50 }, () => medium.decide(shape("read"))?.outcome === eio);
  };
  expect(draws(true)).toEqual(draws(false));
});

test("a failed write reaches any of its sectors, none or all as told, and is no damage", () => {
  const reached = (reach: "none" | "random" | "all" | undefined, kind: "write" | "trim"): number => {
    const medium = faulty();
    medium.write(0, filled(1, 64 * SECTOR), true);
    const fault = medium.inject({ kind: "eio", on: [kind], ...(reach === undefined ? {} : { reach }) });
    const request = shape(kind, 0, 64 * SECTOR);
    const fail = (): void =>
      kind === "write"
        ? medium.write(0, filled(2, 64 * SECTOR), true, medium.decide(request))
        : medium.trim(0, 64 * SECTOR, medium.decide(request));
    expect(fail).toThrow(DiskError);
    expect(fault.effects()).toEqual({ requests: 1, sectors: 0 });
    expect(medium.medium.damage()).toEqual([]);
    const bytes = medium.medium.content.copy(0, 64 * SECTOR);
    const changed = Array.from({ length: 64 }, (_, sector) => bytes[sector * SECTOR] !== 1);
    // Not even FUA makes durable what failed.
    medium.medium.powerLoss("lose-all");
    expect(medium.medium.content.copy(0, 64 * SECTOR)).toEqual(filled(1, 64 * SECTOR));
    return changed.filter((is) => is).length;
  };
  for (const kind of ["write", "trim"] as const) {
    expect(reached("none", kind)).toBe(0);
    expect(reached("all", kind)).toBe(64);
    expect(reached(undefined, kind)).toBeGreaterThan(10);
    expect(reached(undefined, kind)).toBeLessThan(54);
  }
});

test("what a failed request changes is told as what was refused, and nothing else is", () => {
  for (const kind of ["write", "trim"] as const) {
    const medium = faulty();
    const refused: boolean[] = [];
    medium.medium.onChange(({ isRefused }) => refused.push(isRefused === true));
    medium.write(0, filled(1, 8 * SECTOR), true);
    medium.inject({ kind: "eio", on: [kind], reach: "all" });
    const request = shape(kind, 0, 8 * SECTOR);
    const fail = (): void =>
      kind === "write"
        ? medium.write(0, filled(2, 8 * SECTOR), true, medium.decide(request))
        : medium.trim(0, 8 * SECTOR, medium.decide(request));
    expect(fail).toThrow(DiskError);
    medium.trim(0, 8 * SECTOR);
    expect(refused).toEqual([false, true, false]);
  }
});

test("a failed flush makes nothing durable; a full disk takes nothing", () => {
  const medium = faulty();
  medium.inject({ kind: "eio", on: ["flush"] });
  medium.inject({ kind: "enospc", range: { offsetBytes: 8 * SECTOR, lengthBytes: SECTOR } });
  medium.write(0, filled(1, SECTOR), false);
  expect(() => medium.flush(medium.medium.flushMark(), medium.decide(shape("flush", 0, 0)))).toThrow("EIO");
  const decision = medium.decide(shape("write", 0, 16 * SECTOR));
  expect(() => medium.write(0, filled(2, 16 * SECTOR), false, decision)).toThrow("ENOSPC");
  expect(medium.medium.content.copy(0, 2 * SECTOR)).toEqual(
    Uint8Array.from([...filled(1, SECTOR), ...filled(0, SECTOR)]),
  );
  medium.medium.powerLoss("lose-all");
  expect(medium.medium.content.copy(0, SECTOR)).toEqual(filled(0, SECTOR));
});

test("effects count what was done, not what was wanted", () => {
  const medium = faulty();
  const lost = medium.inject({ kind: "lost-write", range: { offsetBytes: 0, lengthBytes: 4 * SECTOR } });
  const write = (byte: number): void =>
    medium.write(0, filled(byte, 8 * SECTOR), false, medium.decide(shape("write", 0, 8 * SECTOR)));
  write(0);
  expect(lost.effects()).toEqual({ requests: 0, sectors: 0 });
  write(1);
  expect(lost.effects()).toEqual({ requests: 1, sectors: 4 });
  const rot = medium.inject({ kind: "bit-rot", bitIndex: 4096 * 6 + 9 });
  expect(rot.effects()).toEqual({ requests: 1, sectors: 1 });
  expect(medium.medium.content.peek(6 * SECTOR, 2)).toEqual(Uint8Array.of(1, 3));
  expect(medium.medium.damage().map(({ faultId }) => faultId)).toEqual([1, 1, 1, 1, 2]);
});

test("a torn write keeps the sectors told, whatever else the power loss does", () => {
  for (const mode of ["random", "sectors", "lose-all", "keep-all"] as const) {
    for (const fua of [false, true]) {
      for (const inFlight of [false, true]) {
        const medium = faulty();
        const fault = medium.inject({ kind: "torn-write", sectors: [0, 3], nth: 2 });
        const request = shape("write", 0, 5 * SECTOR);
        medium.write(0, filled(1, 5 * SECTOR), true, medium.decide(request));
        const decision = medium.decide(request);
        const kept = [2, 1, 1, 2, 1];
        if (inFlight)
          medium.medium.powerLoss(mode, () => medium.arrive(0, 5 * SECTOR, filled(2, 5 * SECTOR), decision));
        else {
          medium.write(0, filled(2, 5 * SECTOR), fua, decision);
          expect(medium.medium.content.peek(0, 5 * SECTOR)).toEqual(filled(2, 5 * SECTOR));
          medium.medium.powerLoss(mode);
          // An acknowledged FUA write is beyond tearing.
          if (fua) kept.fill(2);
        }
        expect(kept.map((_, sector) => medium.medium.content.peek(sector * SECTOR, 1)[0])).toEqual(kept);
        expect(fault.effects().sectors).toBe(kept.filter((byte) => byte === 1).length);
        expect(medium.medium.damage()).toEqual([]);
      }
    }
  }
});

test("a fault that the disk cannot have is refused with place, found, expected and remedy", () => {
  const wrong: [DiskFaultSpec, string][] = [
    [{ kind: "enospc", range: { offsetBytes: 1, lengthBytes: SECTOR } }, "range"],
    [{ kind: "enospc", range: { offsetBytes: 0, lengthBytes: 0 } }, "range"],
    [{ kind: "enospc", range: { offsetBytes: 0, lengthBytes: SIZE_BYTES + SECTOR } }, "range"],
    [{ kind: "lost-write", nth: 0 }, "nth"],
    [{ kind: "lost-write", count: 1.5 }, "count"],
    [{ kind: "lost-write", probability: 25 }, "probability"],
    [{ kind: "lost-write", probability: Number.NaN }, "probability"],
    [{ kind: "eio", on: [] }, "on"],
    [{ kind: "stall", on: ["read"], durationNs: 0 }, "durationNs"],
    [{ kind: "misdirected-write", toOffsetBytes: 7 }, "toOffsetBytes"],
    [{ kind: "misdirected-write", toOffsetBytes: SIZE_BYTES }, "toOffsetBytes"],
    [{ kind: "bit-flip", bitIndex: -1 }, "bitIndex"],
    [{ kind: "bit-rot", bits: 0 }, "bits"],
    [{ kind: "torn-write", sectors: [-1] }, "sectors"],
  ];
  for (const [spec, place] of wrong) {
    const attempt = (): unknown => faulty().inject(spec);
    expect(attempt).toThrow(DiskFaultError);
    expect(attempt).toThrow(`disk d, fault ${spec.kind}, ${place}: found `);
  }
});
