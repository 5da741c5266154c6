import fc from "fast-check";
import { expect, test } from "vitest";
import { DiskError, SECTOR_BYTES } from "../ports/index.ts";
import { checkAsyncLaw } from "../testing/check-law.ts";
import { drained } from "../testing/drained.node.ts";
import { FakeDisk } from "../testing/fake-disk.ts";
import { toHex } from "../testing/hex.ts";
import { Bitmap } from "../volume/bitmap.ts";
import { IntentBitmap, intentBitmapBytes, TRACKS_PER_SECTOR } from "./intent-bitmap.ts";
import { intentStoreConformance } from "./intent-store.conformance.node.ts";

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

intentStoreConformance({
  name: "bitmap",
  trackCount: TRACKS,
  diskBytes: DISK_BYTES,
  // Few tracks, so that they meet: both sides of each sector's edges, and the last one.
  spots: [
    0,
    1,
    2,
    700,
    TRACKS_PER_SECTOR - 1,
    TRACKS_PER_SECTOR,
    2 * TRACKS_PER_SECTOR - 1,
    2 * TRACKS_PER_SECTOR,
    TRACKS - 1,
  ],
  isExact: true,
  open,
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

test("marks are cleared when the call settles, not before; after a device has refused, the next call clears them", async () => {
  const disk = await diskWith(new Set([3, 9, TRACKS_PER_SECTOR]));
  const intents = open(disk, () => false);
  await intents.load(new Bitmap(TRACKS));
  const { promise: opened, resolve: letGo } = Promise.withResolvers<void>();
  const order: string[] = [];
  disk.decide = async () => {
    await opened;
    order.push("written");
    return "done" as const;
  };
  const clearing = intents.clear([3]).then(() => order.push("cleared"));
  // The mark of the same track is just being cleared: it is not, yet.
  const again = intents.clear([3]).then(() => order.push("cleared"));
  await drained();
  letGo();
  await Promise.all([clearing, again]);
  expect(order).toEqual(["written", "cleared", "cleared"]);
  expect([...(await loaded(new FakeDisk(disk.durable))).tracks.indices()]).toEqual([9, TRACKS_PER_SECTOR]);
  disk.decide = () => ({ fails: () => false });
  await expect(intents.clear([9, TRACKS_PER_SECTOR])).rejects.toThrow(DiskError);
  disk.decide = () => "done";
  await intents.clear([9, TRACKS_PER_SECTOR]);
  expect((await loaded(disk.afterCrash())).tracks.count).toBe(0);
});

test("golden bytes of a sector", async () => {
  const disk = await diskWith(new Set([0, 9, TRACKS_PER_SECTOR]));
  const sector = disk.durable.subarray(OFFSET_BYTES + SECTOR_BYTES, OFFSET_BYTES + 2 * SECTOR_BYTES);
  expect(toHex(sector.subarray(0, 20))).toBe("424d5031 2a000000 01000000 14c0bf0e 01000000".replaceAll(" ", ""));
  expect(toHex(disk.durable.subarray(OFFSET_BYTES + 16, OFFSET_BYTES + 20))).toBe("01020000");
});
