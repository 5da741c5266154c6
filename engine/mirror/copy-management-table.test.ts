import fc from "fast-check";
import { expect, test } from "vitest";
import { EngineError } from "../errors.ts";
import { NS_PER_MS, SECTOR_BYTES } from "../ports/index.ts";
import { checkAsyncLaw } from "../testing/check-law.ts";
import { drained } from "../testing/drained.node.ts";
import { FakeDisk, type WriteFate } from "../testing/fake-disk.ts";
import { generationOf } from "../testing/pair-states.ts";
import { type TestRuntime, testRuntime } from "../testing/test-runtime.node.ts";
import { ANCESTORS_MAX } from "./generation.ts";
import { CopyManagementTable } from "./copy-management-table.ts";
import type { PairEntry } from "./pair-entry.ts";
import type { TableEntry } from "./table-entry.ts";

const SLOT_BYTES = 16 * 1024;
const PAIRS = 7;
const DISK_BYTES = 2 * SLOT_BYTES + 8 * SECTOR_BYTES;

function entry(name: string, fields: Partial<PairEntry> = {}): PairEntry {
  return {
    copyType: "remote",
    id: name.length,
    name,
    link: "link",
    volume: `${name}-pvol`,
    peerVolume: `${name}-svol`,
    mode: "sync",
    tracker: "bitmap",
    sizeBytes: 2 ** 20,
    trackBytes: 8192,
    shared: false,
    secondaryWritable: false,
    imageVoid: 0,
    rolling: false,
    imageUnread: false,
    imageTracks: 0,
    bitmapOffsetBytes: 2 * SLOT_BYTES,
    role: "primary",
    status: "SPLIT",
    suspension: "link",
    consistent: true,
    established: false,
    current: generationOf(1),
    ancestors: [],
    copyFrom: generationOf(0),
    wish: "",
    wishAfter: generationOf(0),
    takeover: generationOf(0),
    ...fields,
  };
}

function load(disk: FakeDisk, runtime: TestRuntime = testRuntime()): Promise<CopyManagementTable> {
  return CopyManagementTable.load(disk, runtime.clock, runtime.log);
}

interface Found {
  readonly bootCount: number;
  readonly entries: TableEntry[];
}

function contentOf(table: CopyManagementTable): Found {
  return structuredClone({ bootCount: table.bootCount, entries: [...table.entries()] });
}

/** Several sectors, so that a torn write has something to tear. */
function fill(table: CopyManagementTable): void {
  for (let index = 0; index < PAIRS; index++) table.add(entry(`pair-${"x".repeat(index)}`));
}

/** Loads; gives up, as power does, when the disk has crashed under it. */
async function loadUntilCrash(disk: FakeDisk): Promise<CopyManagementTable | undefined> {
  let table: CopyManagementTable | undefined;
  void load(disk).then((loaded) => {
    table = loaded;
  });
  await drained();
  return table;
}

/** The disk of a system that has run a while: both slots hold tables of three sectors. */
async function usedDisk(): Promise<{ readonly disk: FakeDisk; readonly found: Found }> {
  const disk = new FakeDisk(DISK_BYTES);
  const table = await load(disk);
  fill(table);
  await table.persist();
  for (const pair of table.entries()) pair.status = "COPY";
  await table.persist();
  return { disk, found: contentOf(table) };
}

/** Every subset of the sectors of every write of `story`, each on its own copy of the disk. */
async function everyTear(
  content: Uint8Array,
  story: (disk: FakeDisk) => Promise<unknown>,
  check: (disk: FakeDisk, place: string) => Promise<void>,
): Promise<number> {
  const sizes: number[] = [];
  const whole = new FakeDisk(content);
  whole.decide = ({ sectors }) => {
    sizes.push(sectors);
    return "done";
  };
  await story(whole);
  let tears = 0;
  for (const [index, sectors] of sizes.entries()) {
    for (let kept = 0; kept < 1 << sectors; kept++) {
      const disk = new FakeDisk(content);
      disk.decide = (request): WriteFate =>
        request.index === index ? { crashes: (sector) => ((kept >> sector) & 1) === 1 } : "done";
      void story(disk);
      await drained();
      await check(disk.afterCrash(), `write ${index}, sectors ${kept.toString(2)}`);
      tears++;
    }
  }
  return tears;
}

test("a power loss in any write of a change, with any of its sectors kept, leaves the table before or after it", async () => {
  const { disk: used } = await usedDisk();
  const probe = await load(new FakeDisk(used.durable));
  const before = contentOf(probe);
  const story = async (disk: FakeDisk): Promise<void> => {
    const table = await load(disk);
    for (const pair of table.entries()) pair.status = "DUPLEX";
    await table.persist();
    table.remove("pair-x");
    await table.persist();
  };
  const states = [
    before.entries,
    before.entries.map((pair) => ({ ...pair, status: "DUPLEX" })),
    before.entries.filter(({ name }) => name !== "pair-x").map((pair) => ({ ...pair, status: "DUPLEX" })),
  ];
  const seen = new Set<number>();
  const tears = await everyTear(used.durable, story, async (disk, place) => {
    const found = contentOf(await load(disk));
    const state = states.findIndex((entries) => JSON.stringify(entries) === JSON.stringify(found.entries));
    expect(state, place).toBeGreaterThanOrEqual(0);
    seen.add(state);
    // This start, and perhaps the one that the crash interrupted, count.
    expect(found.bootCount - before.bootCount, place).toBeOneOf([0, 1]);
  });
  // Two writes of three sectors; the last table has one sector less.
  expect([tears, seen]).toEqual([2 ** 3 + 2 ** 3 + 2 ** 2, new Set([0, 1, 2])]);
});

test("a power loss in any write of the very first start leaves a disk that starts", async () => {
  const tears = await everyTear(new Uint8Array(DISK_BYTES), load, async (disk, place) => {
    const table = await loadUntilCrash(disk);
    expect(table && [...table.entries()], place).toEqual([]);
    // And again: a second crash in this start.
    await everyTear(disk.durable, load, async (again, nested) => {
      expect(await loadUntilCrash(again), `${place}; ${nested}`).toBeDefined();
    });
  });
  expect(tears).toBeGreaterThanOrEqual(4);
});

test("a power loss in a start never loses a pair, however often it comes", async () => {
  const { disk: used, found } = await usedDisk();
  let content = used.durable;
  for (let crash = 0; crash < 16; crash++) {
    const disk = new FakeDisk(content);
    disk.decide = () => ({ crashes: (sector) => ((crash >> sector) & 1) === 1 });
    expect(await loadUntilCrash(disk)).toBeUndefined();
    content = disk.durable;
  }
  expect(contentOf(await load(new FakeDisk(content))).entries).toEqual(found.entries);
});

test("starts are counted, and each count is durable before the start returns", async () => {
  let disk = new FakeDisk(DISK_BYTES);
  for (let start = 1; start <= 5; start++) {
    expect((await load(disk)).bootCount).toBe(start);
    disk = disk.afterCrash();
  }
});

test("one slot with any bytes changed is never believed in part: the other one counts", async () => {
  const { disk: used, found } = await usedDisk();
  await checkAsyncLaw(
    fc.asyncProperty(
      fc.nat({ max: 1 }),
      fc.array(fc.tuple(fc.nat({ max: 1500 }), fc.integer({ min: 1, max: 255 })), { minLength: 1, maxLength: 4 }),
      async (slot, flips) => {
        const content = used.durable.slice();
        for (const [at, flip] of flips) content[slot * SLOT_BYTES + at] = (content[slot * SLOT_BYTES + at] ?? 0) ^ flip;
        const { entries } = contentOf(await load(new FakeDisk(content)));
        expect(entries.map((pair) => ({ ...pair, status: "" }))).toEqual(
          found.entries.map((pair) => ({ ...pair, status: "" })),
        );
        const statuses = new Set(entries.map(({ status }) => status));
        expect(statuses.size).toBe(1);
      },
    ),
    150,
  );
});

test("two slots that cannot be believed are refused, and nothing is written over them", async () => {
  const { disk: used } = await usedDisk();
  const content = used.durable.slice();
  for (const slot of [0, 1]) content[slot * SLOT_BYTES + 40] = (content[slot * SLOT_BYTES + 40] ?? 0) ^ 1;
  const disk = new FakeDisk(content);
  await expect(load(disk)).rejects.toMatchObject({ code: "META_CORRUPT", context: { place: "copy management table" } });
  expect([disk.writes, disk.durable]).toEqual([0, content]);
});

test("a disk without room for both slots is refused, with the size that is needed", async () => {
  const error = new EngineError("META_TOO_SMALL", { neededBytes: 2 * SLOT_BYTES, sizeBytes: SLOT_BYTES });
  await expect(load(new FakeDisk(SLOT_BYTES))).rejects.toEqual(error);
});

test("bitmaps lie behind both slots, apart from each other, and inside the disk", async () => {
  const disk = new FakeDisk(DISK_BYTES);
  const table = await load(disk);
  const endsBytes: number[] = [];
  for (const index of [0, 1]) {
    const bitmapOffsetBytes = table.allocateBitmap(3 * SECTOR_BYTES, endsBytes);
    expect(bitmapOffsetBytes).toBe(2 * SLOT_BYTES + index * 3 * SECTOR_BYTES);
    endsBytes.unshift(bitmapOffsetBytes + 3 * SECTOR_BYTES);
  }
  expect(() => table.allocateBitmap(3 * SECTOR_BYTES, endsBytes)).toThrow(
    new EngineError("META_TOO_SMALL", { neededBytes: DISK_BYTES + SECTOR_BYTES, sizeBytes: DISK_BYTES }),
  );
});

// The next request may come in any gap between the steps of the last one.
const asks = fc.array(fc.record({ ask: fc.boolean(), microtasks: fc.nat({ max: 6 }) }), { maxLength: 30, size: "max" });

test("a pair that might not fit, now or when its history grows, is refused, and the table stays as it was", async () => {
  const disk = new FakeDisk(DISK_BYTES);
  const table = await load(disk);
  const full = (): void => {
    for (let index = 0; index < 1000; index++) table.add(entry(`pair-${index}`));
  };
  expect(full).toThrow(expect.objectContaining({ code: "TABLE_FULL" }));
  const pairs = [...table.entries()];
  expect(pairs.length).toBeGreaterThan(40);
  const ancestors = Array.from({ length: ANCESTORS_MAX }, (_, index) => generationOf(index));
  for (const pair of pairs) if (pair.copyType === "remote") pair.ancestors = ancestors;
  await table.persist();
  expect([...(await load(disk.afterCrash())).entries()]).toEqual(pairs);
  expect(() => table.add(entry("x".repeat(100_000)))).toThrow(expect.objectContaining({ code: "TABLE_FULL" }));
});

test("whoever asks to persist is answered when the table as it was then is durable; waiters share a write", async () => {
  await checkAsyncLaw(
    fc.asyncProperty(asks, async (list) => {
      const disk = new FakeDisk(DISK_BYTES);
      const table = await load(disk);
      const only = entry("only");
      table.add(only);
      const firstWrites = disk.writes;
      const waiting: (() => void)[] = [];
      disk.decide = () => new Promise((resolve) => waiting.push(() => resolve("done")));
      let changes = 0;
      let answered = 0;
      const durableChange = async (): Promise<number> => (await load(new FakeDisk(disk.durable))).get("only")?.id ?? 0;
      const change = async (): Promise<void> => {
        const mine = ++changes;
        Object.assign(only, { id: mine });
        await table.persist();
        expect(await durableChange()).toBeGreaterThanOrEqual(mine);
        answered++;
      };
      const all: Promise<void>[] = [];
      for (const { ask, microtasks } of list) {
        if (ask) all.push(change());
        else waiting.shift()?.();
        for (let turn = 0; turn < microtasks; turn++) await Promise.resolve();
        if (microtasks === 0) await drained();
        expect(waiting.length, "one slot at a time is written").toBeLessThanOrEqual(1);
      }
      await drained();
      for (let round = 0; round < 2; round++) {
        waiting.shift()?.();
        await drained();
      }
      await Promise.all(all);
      expect([answered, waiting.length]).toEqual([changes, 0]);
      expect(disk.writes - firstWrites).toBeLessThanOrEqual(list.filter(({ ask }) => !ask).length + 2);
    }),
    60,
  );
});

test("while the device fails the write is tried again, in the same slot, and nobody is answered before it succeeds", async () => {
  const disk = new FakeDisk(DISK_BYTES);
  const runtime = testRuntime();
  const table = await load(disk, runtime);
  const slots: number[] = [];
  disk.decide = ({ offsetBytes }) => {
    slots.push(offsetBytes / SLOT_BYTES);
    return slots.length < 6 ? { fails: (sector) => sector === 0 } : "done";
  };
  fill(table);
  let answered = false;
  void table.persist().then(() => {
    answered = true;
  });
  await runtime.clock.pass(30 * NS_PER_MS);
  expect([answered, slots.length]).toEqual([false, 5]);
  // What a crash would find meanwhile is the table before.
  expect([...(await load(new FakeDisk(disk.durable))).entries()]).toEqual([]);
  await runtime.clock.pass(1_000 * NS_PER_MS);
  expect([answered, new Set(slots).size]).toEqual([true, 1]);
  expect([...(await load(disk.afterCrash())).entries()]).toHaveLength(PAIRS);
});
