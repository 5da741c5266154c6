import fc from "fast-check";
import { expect, test } from "vitest";
import { checkAsyncLaw } from "../testing/check-law.ts";
import { FakeDisk } from "../testing/fake-disk.ts";
import { Bitmap } from "../volume/bitmap.ts";
import { HotRegions } from "./hot-regions.ts";
import { IntentBitmap, intentBitmapBytes, TRACKS_PER_SECTOR } from "./intent-bitmap.ts";
import { INTENT_LOG_BYTES, IntentLog } from "./intent-log.ts";
import { intentStoreConformance } from "./intent-store.conformance.node.ts";

const REGION_TRACKS = 4;
const HOT_MAX = 2;
/** The last region has one track. */
const TRACKS = TRACKS_PER_SECTOR + 37;
const LAST = TRACKS - 1;
const DISK_BYTES = intentBitmapBytes(TRACKS);

for (const Store of [IntentBitmap, IntentLog]) {
  const of = Store === IntentBitmap ? "bitmap" : "lsn";
  const open = (disk: FakeDisk, isPending: (track: number) => boolean): HotRegions =>
    new HotRegions(
      TRACKS,
      { tracks: REGION_TRACKS, hotMax: HOT_MAX },
      isPending,
      (isMarked) => new Store(disk, { pairId: 42, offsetBytes: 0, trackCount: TRACKS }, isMarked),
    );

  intentStoreConformance({
    name: `regions of ${of}`,
    trackCount: TRACKS,
    diskBytes: Math.max(DISK_BYTES, INTENT_LOG_BYTES),
    spots: [0, 1, 2, 3, 4, 5, TRACKS_PER_SECTOR - 1, TRACKS_PER_SECTOR, LAST - 1, LAST],
    isExact: false,
    open,
  });
}

interface Rig {
  readonly disk: FakeDisk;
  readonly regions: HotRegions;
  readonly pending: Set<number>;
  /** What a crash now would leave. */
  marked(): Promise<readonly number[]>;
}

async function rigOf(): Promise<Rig> {
  const disk = new FakeDisk(DISK_BYTES);
  const pending = new Set<number>();
  const place = { pairId: 42, offsetBytes: 0, trackCount: TRACKS };
  const regions = new HotRegions(
    TRACKS,
    { tracks: REGION_TRACKS, hotMax: HOT_MAX },
    (track) => pending.has(track),
    (isMarked) => new IntentBitmap(disk, place, isMarked),
  );
  await regions.writeAll();
  const marked = async (): Promise<readonly number[]> => {
    const tracks = new Bitmap(TRACKS);
    const durable = new FakeDisk(disk.durable);
    expect(await new IntentBitmap(durable, place, () => false).load(tracks)).toBe(0);
    return [...tracks.indices()];
  };
  return { disk, regions, pending, marked };
}

/** A host's write of one track that is over again. */
async function write({ regions, pending }: Rig, track: number): Promise<void> {
  pending.add(track);
  await regions.mark(track, track);
  pending.delete(track);
}

test("the first write in a region marks all of it, and the others there are free", async () => {
  const rig = await rigOf();
  await write(rig, 5);
  expect(await rig.marked()).toEqual([4, 5, 6, 7]);
  const { writes } = rig.disk;
  for (const track of [4, 6, 7]) rig.pending.add(track);
  expect([rig.regions.mark(6, 7), rig.regions.mark(4, 4), rig.disk.writes]).toEqual([undefined, undefined, writes]);
});

test("where there are too many, those that were not used lately cool down, and keep the marks of what is pending", async () => {
  const rig = await rigOf();
  rig.pending.add(1);
  await rig.regions.mark(1, 1);
  for (const track of [4, 8]) await write(rig, track);
  expect(await rig.marked()).toEqual([1, 4, 5, 6, 7, 8, 9, 10, 11]);
  // All were used, so the order of their coming decided; from now on use does.
  await write(rig, 5);
  await write(rig, 12);
  expect(await rig.marked()).toEqual([1, 4, 5, 6, 7, 12, 13, 14, 15]);
});

test("a volume that is idle has no mark but of what is pending; one that is in use keeps them", async () => {
  const rig = await rigOf();
  await write(rig, LAST);
  rig.pending.add(0);
  await rig.regions.mark(0, 0);
  await rig.regions.sweep(1, false);
  expect([await rig.marked(), rig.regions.isWarm]).toEqual([[0, 1, 2, 3, LAST], true]);
  await rig.regions.sweep(1, true);
  expect([await rig.marked(), rig.regions.isWarm]).toEqual([[0], false]);
});

test("a write of more regions than may be hot marks its own tracks", async () => {
  const rig = await rigOf();
  for (let track = 3; track <= 13; track++) rig.pending.add(track);
  await rig.regions.mark(3, 13);
  expect([await rig.marked(), rig.regions.isWarm]).toEqual([[3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13], false]);
});

test("a disk that does not clear marks does not keep a write from being marked", async () => {
  const rig = await rigOf();
  for (const track of [0, 4]) await write(rig, track);
  const { writes } = rig.disk;
  rig.disk.decide = ({ index }) => (index === writes ? { fails: () => false } : "done");
  await write(rig, 8);
  expect(await rig.marked()).toEqual(expect.arrayContaining([8, 9, 10, 11]));
});

test("beyond what is pending, no more than the hot regions are ever marked", async () => {
  const track = fc.nat({ max: 10 * REGION_TRACKS - 1 });
  const steps = fc.array(fc.tuple(track, fc.boolean()), { maxLength: 40 });
  await checkAsyncLaw(
    fc.asyncProperty(steps, async (list) => {
      const rig = await rigOf();
      for (const [at, ends] of list) {
        rig.pending.add(at);
        await rig.regions.mark(at, at);
        if (ends) rig.pending.delete(at);
        const stale = (await rig.marked()).filter((marked) => !rig.pending.has(marked));
        const regions = new Set(stale.map((marked) => Math.floor(marked / REGION_TRACKS)));
        expect(regions.size).toBeLessThanOrEqual(HOT_MAX);
      }
    }),
    60,
  );
});
