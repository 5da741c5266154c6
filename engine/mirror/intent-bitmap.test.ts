import fc from "fast-check";
import { expect, test } from "vitest";
import { DiskError, SECTOR_BYTES } from "../ports/index.ts";
import { checkAsyncLaw } from "../testing/check-law.ts";
import { drained } from "../testing/drained.node.ts";
import { FakeDisk, type WriteFate } from "../testing/fake-disk.ts";
import { toHex } from "../testing/hex.ts";
import { Bitmap } from "../volume/bitmap.ts";
import { IntentBitmap, intentBitmapBytes, TRACKS_PER_SECTOR } from "./intent-bitmap.ts";

const TRACKS = 2 * TRACKS_PER_SECTOR + 77;
const OFFSET_BYTES = 3 * SECTOR_BYTES;
const DISK_BYTES = OFFSET_BYTES + intentBitmapBytes(TRACKS) + SECTOR_BYTES;
const PAIR_ID = 42;
const SECTORS = 3;

function open(disk: FakeDisk, isPending: (track: number) => boolean, pairId = PAIR_ID): IntentBitmap {
  return new IntentBitmap(disk, { pairId, offsetBytes: OFFSET_BYTES, trackCount: TRACKS }, isPending);
}

/** What the next start finds. */
async function loaded(
  disk: FakeDisk,
  pairId = PAIR_ID,
): Promise<{ readonly tracks: Bitmap; readonly corrupt: number }> {
  const tracks = new Bitmap(TRACKS);
  const corrupt = await open(disk, () => false, pairId).load(tracks);
  return { tracks, corrupt };
}

/** A disk that holds valid sectors, with the marks of `tracks`. */
async function diskWith(tracks: ReadonlySet<number>): Promise<FakeDisk> {
  const disk = new FakeDisk(DISK_BYTES);
  await open(disk, (track) => tracks.has(track)).writeAll();
  return disk.afterCrash();
}

// Few tracks, so that they meet: both sides of each sector's edges, and the last one.
const spots = [
  0,
  1,
  2,
  700,
  TRACKS_PER_SECTOR - 1,
  TRACKS_PER_SECTOR,
  2 * TRACKS_PER_SECTOR - 1,
  2 * TRACKS_PER_SECTOR,
  TRACKS - 1,
];
const spot = fc.constantFrom(...spots);

/** A host write and its mark. */
interface Writer {
  readonly tracks: readonly number[];
  mark: "asked" | "durable" | "failed";
}

const steps = fc.array(
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant("begin" as const),
        first: spot,
        length: fc.integer({ min: 1, max: 3 }),
      }),
    },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant("forget" as const), pick: fc.nat({ max: 9 }) }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant("sweep" as const) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("writeAll" as const) }) },
    {
      weight: 6,
      arbitrary: fc.record({
        kind: fc.constant("settle" as const),
        pick: fc.nat({ max: 9 }),
        fails: fc.integer({ min: 0, max: 3 }).map((draw) => draw === 0),
        kept: fc.boolean(),
      }),
    },
  ),
  { maxLength: 40 },
);

test("after a crash at any moment every track is marked that was marked durably and is still pending", async () => {
  await checkAsyncLaw(
    fc.asyncProperty(steps, fc.infiniteStream(fc.boolean()), async (list, survives) => {
      const disk = await diskWith(new Set());
      const waiting: ((fate: WriteFate) => void)[] = [];
      disk.decide = () => new Promise((resolve) => waiting.push(resolve));
      const writers: Writer[] = [];
      const isPending = (track: number): boolean => writers.some((writer) => writer.tracks.includes(track));
      const intents = open(disk, isPending);
      await intents.load(new Bitmap(TRACKS));
      const expectSafe = async (): Promise<void> => {
        // Each sector under way may have reached the disk or not; here is one way it may be.
        const content = new FakeDisk(disk.durable);
        const { tracks, corrupt } = await loaded(content);
        expect(corrupt).toBe(0);
        for (const writer of writers) {
          if (writer.mark !== "durable") continue;
          for (const track of writer.tracks) if (!tracks.has(track)) expect.fail(`track ${track} is lost`);
        }
      };
      for (const step of list) {
        if (step.kind === "begin") {
          const last = Math.min(step.first + step.length, TRACKS) - 1;
          const tracks = Array.from({ length: last - step.first + 1 }, (_, index) => step.first + index);
          const writer: Writer = { tracks, mark: "asked" };
          writers.push(writer);
          const marked = intents.mark(step.first, last);
          if (marked === undefined) writer.mark = "durable";
          else
            void marked.then(
              () => {
                writer.mark = "durable";
              },
              (error: unknown) => {
                expect(error).toBeInstanceOf(DiskError);
                writer.mark = "failed";
              },
            );
        } else if (step.kind === "forget") {
          writers.splice(step.pick % Math.max(1, writers.length), 1);
        } else if (step.kind === "settle") {
          const [settle] = waiting.splice(step.pick % Math.max(1, waiting.length), 1);
          settle?.(step.fails ? { fails: () => step.kept } : "done");
        } else {
          const pendingCount = new Set(writers.flatMap((writer) => writer.tracks)).size;
          const work = step.kind === "sweep" ? intents.sweep(pendingCount, true) : intents.writeAll();
          void work.catch((error: unknown) => expect(error).toBeInstanceOf(DiskError));
        }
        await drained();
        await expectSafe();
      }
      // Power is lost: of every write under way the sector is old or new.
      for (const settle of waiting.splice(0)) {
        const kept = survives.next().value === true;
        settle({ fails: () => kept });
      }
      await expectSafe();
    }),
    150,
  );
});

test("whoever asks for a mark hears in the end, and those who ask during a write share the next one", async () => {
  const disk = await diskWith(new Set());
  const waiting: ((fate: WriteFate) => void)[] = [];
  disk.decide = () => new Promise((resolve) => waiting.push(resolve));
  const intents = open(disk, () => true);
  await intents.load(new Bitmap(TRACKS));
  const marks = [intents.mark(0, 0), intents.mark(1, 1), intents.mark(2, 2)];
  await drained();
  expect(waiting).toHaveLength(1);
  waiting[0]?.("done");
  await drained();
  expect(waiting).toHaveLength(2);
  waiting[1]?.("done");
  for (const mark of marks) await mark;
  expect([disk.writes, [0, 1, 2].map((track) => intents.mark(track, track))]).toEqual([
    2,
    [undefined, undefined, undefined],
  ]);
});

test("a mark whose write failed is asked for again, not believed", async () => {
  const disk = await diskWith(new Set());
  const intents = open(disk, () => true);
  await intents.load(new Bitmap(TRACKS));
  disk.decide = () => ({ fails: () => false });
  await expect(intents.mark(5, 5)).rejects.toThrow(DiskError);
  disk.decide = () => "done";
  await intents.mark(5, 5);
  expect((await loaded(disk.afterCrash())).tracks.has(5)).toBe(true);
});

test("a swept mark is gone from the disk, and the next write of its track marks it again", async () => {
  const disk = await diskWith(new Set([1, TRACKS - 1]));
  const intents = open(disk, (track) => track === 1);
  await intents.load(new Bitmap(TRACKS));
  await intents.sweep(1, true);
  expect([...(await loaded(new FakeDisk(disk.durable))).tracks.indices()]).toEqual([1]);
  await intents.mark(TRACKS - 1, TRACKS - 1);
  expect([...(await loaded(disk.afterCrash())).tracks.indices()]).toEqual([1, TRACKS - 1]);
});

test("few stale marks stay, so that writing there again costs nothing; many are swept", async () => {
  const disk = await diskWith(new Set(Array.from({ length: 128 }, (_, index) => index)));
  const intents = open(disk, () => false);
  await intents.load(new Bitmap(TRACKS));
  await intents.sweep(0, false);
  expect([disk.writes, intents.mark(0, 127)]).toEqual([0, undefined]);
  await intents.mark(128, 128);
  await intents.sweep(0, false);
  expect((await loaded(disk.afterCrash())).tracks.count).toBe(0);
});

test("a sector in which any byte changed reads as all marked, and only that one", async () => {
  const clean = await diskWith(new Set([3]));
  await checkAsyncLaw(
    fc.asyncProperty(
      fc.nat({ max: SECTORS * SECTOR_BYTES - 1 }),
      fc.integer({ min: 1, max: 255 }),
      async (at, flip) => {
        const disk = clean.afterCrash();
        const hurt = new FakeDisk(
          disk.durable.map((byte, index) => (index === OFFSET_BYTES + at ? byte ^ flip : byte)),
        );
        const { tracks, corrupt } = await loaded(hurt);
        const sector = Math.floor(at / SECTOR_BYTES);
        const expected = new Set([3]);
        for (
          let track = sector * TRACKS_PER_SECTOR;
          track < Math.min((sector + 1) * TRACKS_PER_SECTOR, TRACKS);
          track++
        )
          expected.add(track);
        expect(corrupt).toBe(1);
        expect(new Set(tracks.indices())).toEqual(expected);
      },
    ),
    60,
  );
});

test("sectors of another pair, of another place, and zeros are not believed", async () => {
  const disk = await diskWith(new Set());
  expect((await loaded(disk.afterCrash(), PAIR_ID + 1)).corrupt).toBe(SECTORS);
  const swapped = disk.afterCrash();
  swapped.durable.copyWithin(OFFSET_BYTES, OFFSET_BYTES + SECTOR_BYTES, OFFSET_BYTES + 2 * SECTOR_BYTES);
  expect((await loaded(swapped.afterCrash())).corrupt).toBe(1);
  const { tracks, corrupt } = await loaded(new FakeDisk(DISK_BYTES));
  expect([corrupt, tracks.count]).toEqual([SECTORS, TRACKS]);
});

test("what could not be read once is written before it is relied on: the next read may succeed", async () => {
  const disk = await diskWith(new Set());
  const intents = open(new FlippingDisk(disk), () => true);
  expect(await intents.load(new Bitmap(TRACKS))).toBe(1);
  await intents.mark(9, 9);
  expect((await loaded(disk.afterCrash())).tracks.has(9)).toBe(true);
});

/** Reads the first sector of the bitmap wrongly; the device itself holds it well. */
class FlippingDisk extends FakeDisk {
  readonly #under: FakeDisk;

  constructor(under: FakeDisk) {
    super(under.durable);
    this.#under = under;
  }

  override async read(offsetBytes: number, lengthBytes: number): Promise<Uint8Array> {
    const bytes = await this.#under.read(offsetBytes, lengthBytes);
    bytes[100] = (bytes[100] ?? 0) ^ 1;
    return bytes;
  }

  override async write(...request: Parameters<FakeDisk["write"]>): Promise<void> {
    await this.#under.write(...request);
  }
}

test("golden bytes of a sector", async () => {
  const disk = await diskWith(new Set([0, 9, TRACKS_PER_SECTOR]));
  const sector = disk.durable.subarray(OFFSET_BYTES + SECTOR_BYTES, OFFSET_BYTES + 2 * SECTOR_BYTES);
  expect(toHex(sector.subarray(0, 20))).toBe("424d5031 2a000000 01000000 14c0bf0e 01000000".replaceAll(" ", ""));
  expect(toHex(disk.durable.subarray(OFFSET_BYTES + 16, OFFSET_BYTES + 20))).toBe("01020000");
});
