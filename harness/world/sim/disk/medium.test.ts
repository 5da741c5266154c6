import fc from "fast-check";
import { expect, test } from "vitest";
import { SimRandom } from "../sim-random.ts";
import { Medium } from "./medium.ts";
import type { PowerLossMode } from "./power-loss.ts";
import { filled } from "./sim-disk.fixture.ts";

const SECTOR = 512;
/** Two whole chunks and a short third. */
const SECTORS = 2 * 128 + 17;
const SIZE_BYTES = SECTORS * SECTOR;
const CACHE_BYTES = 4 * 1024 * 1024;

type Op =
  | {
      readonly op: "write";
      readonly sector: number;
      readonly count: number;
      readonly fua: boolean;
      readonly zero: boolean;
    }
  | { readonly op: "trim"; readonly sector: number; readonly count: number }
  | { readonly op: "mark" }
  | { readonly op: "flush" }
  | { readonly op: "power-loss"; readonly mode: PowerLossMode };

const place = fc
  .tuple(fc.nat(SECTORS - 1), fc.oneof(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 100, max: SECTORS })))
  .map(([sector, count]) => ({ sector, count: Math.min(count, SECTORS - sector) }));

const op: fc.Arbitrary<Op> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc
      .tuple(place, fc.boolean(), fc.nat(5))
      .map(([at, fua, zero]): Op => ({ op: "write", ...at, fua, zero: zero === 0 })),
  },
  { weight: 2, arbitrary: place.map((at): Op => ({ op: "trim", ...at })) },
  { weight: 1, arbitrary: fc.constant<Op>({ op: "mark" }) },
  { weight: 2, arbitrary: fc.constant<Op>({ op: "flush" }) },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom<PowerLossMode>("random", "sectors", "lose-all", "keep-all")
      .map((mode): Op => ({ op: "power-loss", mode })),
  },
);
const ops = fc.array(op, { maxLength: 40 });

/** The versions of each sector, the durable one first: a value, and when it was written. */
class Model {
  readonly versions = Array.from({ length: SECTORS }, () => [{ value: 0, at: 0 }]);
  now = 1;
  markAt = 0;

  put(sector: number, count: number, value: number, durable: boolean): void {
    this.now++;
    for (let index = sector; index < sector + count; index++) {
      const version = { value, at: this.now };
      if (durable) this.versions[index] = [version];
      else this.versions[index]?.push(version);
    }
  }

  flush(): void {
    for (const [index, list] of this.versions.entries()) {
      const durable = list.findLastIndex((version) => version.at <= this.markAt);
      if (durable > 0) this.versions[index] = list.slice(durable);
    }
  }
}

/** The value that fills a whole sector. */
function valueAt(bytes: Uint8Array, sector: number): number {
  const part = bytes.subarray(sector * SECTOR, (sector + 1) * SECTOR);
  const value = (part[0] as number) + 256 * (part[1] as number);
  for (let at = 0; at < SECTOR; at += 2) {
    if ((part[at] as number) + 256 * (part[at + 1] as number) !== value)
      throw new Error(`sector ${sector} is torn inside`);
  }
  return value;
}

function filledWith(value: number, count: number): Uint8Array {
  return new Uint8Array(count * SECTOR).map((_, index) => (index % 2 === 0 ? value & 255 : value >> 8));
}

/** Runs `sequence` on a medium and the model; `check` is called after each operation. */
function play(sequence: readonly Op[], medium: Medium, check: (model: Model) => void): void {
  const model = new Model();
  let mark = 0;
  let value = 0;
  for (const step of sequence) {
    if (step.op === "write") {
      const written = step.zero ? 0 : ++value;
      medium.write(step.sector * SECTOR, filledWith(written, step.count), step.fua ? "durable" : "volatile");
      model.put(step.sector, step.count, written, step.fua);
    } else if (step.op === "trim") {
      medium.trim(step.sector * SECTOR, step.count * SECTOR);
      model.put(step.sector, step.count, 0, false);
    } else if (step.op === "mark") {
      mark = medium.flushMark();
      model.markAt = model.now;
    } else if (step.op === "flush") {
      medium.flush(mark);
      model.flush();
    } else {
      medium.powerLoss(step.mode);
      const found = medium.content.copy(0, SIZE_BYTES);
      for (const [sector, list] of model.versions.entries()) {
        const kept = valueAt(found, sector);
        const allowed = step.mode === "lose-all" ? list.slice(0, 1) : step.mode === "keep-all" ? list.slice(-1) : list;
        expect(allowed.map((version) => version.value)).toContain(kept);
        model.versions[sector] = [{ value: kept, at: 0 }];
      }
    }
    check(model);
  }
}

test("reads see the newest version, the durable view the oldest; a power loss leaves one between", () => {
  fc.assert(
    fc.property(ops, fc.nat(), (sequence, seed) => {
      const medium = new Medium(SIZE_BYTES, CACHE_BYTES, new SimRandom(String(seed)));
      play(sequence, medium, (model) => {
        const content = medium.content.copy(0, SIZE_BYTES);
        const durable = medium.durable(0, SIZE_BYTES);
        for (const [sector, list] of model.versions.entries()) {
          if (valueAt(content, sector) !== list.at(-1)?.value) throw new Error(`sector ${sector} is not the newest`);
          if (valueAt(durable, sector) !== list[0]?.value) throw new Error(`sector ${sector} is not the durable one`);
        }
      });
    }),
    { seed: 1, numRuns: 150 },
  );
});

test("a small cache writes back on its own, oldest first, and no sector holds what it never held", () => {
  fc.assert(
    fc.property(ops, fc.nat(), (sequence, seed) => {
      const medium = new Medium(SIZE_BYTES, 64 * 1024, new SimRandom(String(seed)));
      const lossy = sequence.map((step): Op => (step.op === "power-loss" ? { ...step, mode: "sectors" } : step));
      play(lossy, medium, (model) => {
        expect(medium.undo.dirtyBytes).toBeLessThanOrEqual(64 * 1024);
        const durable = medium.durable(0, SIZE_BYTES);
        for (const [sector, list] of model.versions.entries()) {
          const kept = valueAt(durable, sector);
          if (!list.some(({ value }) => value === kept)) throw new Error(`sector ${sector} held ${kept} never`);
        }
      });
    }),
    { seed: 2, numRuns: 100 },
  );
});

test("whoever copies each changed range when told of it holds the same content", () => {
  fc.assert(
    fc.property(ops, fc.nat(), (sequence, seed) => {
      const medium = new Medium(SIZE_BYTES, CACHE_BYTES, new SimRandom(String(seed)));
      const shadow = new Uint8Array(SIZE_BYTES);
      medium.onChange(({ offsetBytes, lengthBytes }) => {
        shadow.set(medium.content.copy(offsetBytes, lengthBytes), offsetBytes);
      });
      play(sequence, medium, () => {
        if (Buffer.compare(shadow, medium.content.copy(0, SIZE_BYTES)) !== 0) throw new Error("the shadow differs");
      });
    }),
    { seed: 3, numRuns: 100 },
  );
});

test("sparse is dense: any view gives the bytes of a plain buffer", () => {
  fc.assert(
    fc.property(ops, place, (sequence, { sector, count }) => {
      const medium = new Medium(SIZE_BYTES, CACHE_BYTES, new SimRandom("1"));
      const writes = sequence.filter((step) => step.op === "write" || step.op === "trim");
      play(writes, medium, (model) => {
        const dense = new Uint8Array(SIZE_BYTES);
        for (const [index, list] of model.versions.entries())
          dense.set(filledWith(list.at(-1)?.value ?? 0, 1), index * SECTOR);
        const expected = dense.subarray(sector * SECTOR, (sector + count) * SECTOR);
        const { content } = medium;
        if (Buffer.compare(content.peek(sector * SECTOR, count * SECTOR), expected) !== 0) throw new Error("peek");
        if (Buffer.compare(content.copy(sector * SECTOR, count * SECTOR), expected) !== 0) throw new Error("copy");
        for (const { offsetBytes, lengthBytes } of content.allocatedRanges())
          dense.fill(0, offsetBytes, offsetBytes + lengthBytes);
        if (dense.some((byte) => byte !== 0)) throw new Error("something lies outside the allocated ranges");
      });
    }),
    { seed: 4, numRuns: 50 },
  );
});

test("every outcome that the contract allows comes: of three versions of two sectors, all nine", () => {
  for (const mode of ["random", "sectors"] as const) {
    const seen = new Set<string>();
    for (let seed = 0; seed < 400; seed++) {
      const medium = new Medium(SIZE_BYTES, CACHE_BYTES, new SimRandom(String(seed)));
      medium.write(0, filled(1, 1024), "durable");
      medium.write(0, filled(2, 1024), "volatile");
      medium.write(0, filled(3, 1024), "volatile");
      medium.powerLoss(mode);
      seen.add(`${medium.content.peek(0, 1)[0]}${medium.content.peek(512, 1)[0]}`);
    }
    expect([...seen].sort()).toEqual(["11", "12", "13", "21", "22", "23", "31", "32", "33"]);
  }
});

test("the undo log keeps what it holds while it grows, and stays inside its bound", () => {
  const medium = new Medium(64 * 1024 * 1024, 8 * 1024 * 1024, new SimRandom("1"));
  const chunk = 64 * 1024;
  for (let round = 1; round <= 3; round++) {
    for (let index = 0; index < 100; index++) medium.write(index * chunk, filled(round, chunk), "volatile");
  }
  // 128 chunks fit: the last round, and the end of the one before.
  expect(medium.undo.dirtyBytes).toBe(8 * 1024 * 1024);
  const durable = (index: number): number => medium.durable(index * chunk + 512, 512)[0] as number;
  expect([0, 71, 72, 99].map(durable)).toEqual([2, 2, 1, 1]);
  medium.powerLoss("lose-all");
  expect(medium.undo.dirtyBytes).toBe(0);
  expect([0, 71, 72, 99].map((index) => medium.content.peek(index * chunk, 1)[0])).toEqual([2, 2, 1, 1]);
});

test("a size or cache that no disk has is refused", () => {
  for (const sizeBytes of [0, -512, 511, Number.NaN, 2 ** 41]) {
    expect(() => new Medium(sizeBytes, CACHE_BYTES, new SimRandom("1"))).toThrow("disk size");
  }
  expect(() => new Medium(SIZE_BYTES, 512, new SimRandom("1"))).toThrow("disk cache");
});
