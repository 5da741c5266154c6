import { expect, test } from "vitest";
import { checkAsyncLaw } from "../testing/check-law.ts";
import { FakeDisk } from "../testing/fake-disk.ts";
import fc from "fast-check";
import { SECTOR_BYTES } from "../ports/index.ts";
import { Bitmap } from "../volume/bitmap.ts";
import { isZero } from "../wire/zero-range.ts";
import { INTENT_LOG_BYTES, IntentLog, RECORDS_PER_SECTOR } from "./intent-log.ts";
import { intentStoreConformance } from "./intent-store.conformance.node.ts";

const OFFSET_BYTES = 1024;
const DISK_BYTES = OFFSET_BYTES + INTENT_LOG_BYTES;
const TRACKS = 5000;

function open(disk: FakeDisk, isPending: (track: number) => boolean, pairId = 42): IntentLog {
  return new IntentLog(disk, { pairId, offsetBytes: OFFSET_BYTES, trackCount: TRACKS }, isPending);
}

async function loaded(disk: FakeDisk): Promise<{ readonly tracks: Bitmap; readonly corrupt: number }> {
  const tracks = new Bitmap(TRACKS);
  return { corrupt: await open(disk, () => false).load(tracks), tracks };
}

intentStoreConformance({
  name: "lsn",
  trackCount: TRACKS,
  diskBytes: DISK_BYTES,
  spots: [0, 1, 2, 3, 5, 700, 701, 4998, TRACKS - 1],
  isExact: true,
  open,
});

test("more updates than the log has room for: nothing is forgotten, whatever lies between them", async () => {
  await checkAsyncLaw(
    fc.asyncProperty(fc.integer({ min: 1, max: 4 }), fc.nat({ max: 3000 }), async (stride, sweptBefore) => {
      const disk = new FakeDisk(DISK_BYTES);
      const pending = new Set<number>();
      const log = open(disk, (track) => pending.has(track));
      await log.writeAll();
      for (let track = 0; track < TRACKS; track += stride) {
        pending.add(track);
        await log.mark(track, track);
        if (track === sweptBefore) {
          pending.clear();
          await log.sweep(0, true);
        }
      }
      const { tracks, corrupt } = await loaded(disk.afterCrash());
      expect(corrupt).toBe(0);
      for (const track of pending) if (!tracks.has(track)) expect.fail(`track ${track} is lost`);
    }),
    20,
  );
});

test("a byte that changed anywhere in what is in use reads as all marked; never as fewer", async () => {
  const clean = new FakeDisk(DISK_BYTES);
  const pending = new Set(Array.from({ length: 3 * RECORDS_PER_SECTOR }, (_, index) => index * 3));
  const log = open(clean, (track) => pending.has(track));
  await log.writeAll();
  for (let index = 0; index < RECORDS_PER_SECTOR + 3; index++) {
    const track = 2000 + index * 2;
    pending.add(track);
    await log.mark(track, track);
  }
  await checkAsyncLaw(
    fc.asyncProperty(fc.nat({ max: INTENT_LOG_BYTES - 1 }), fc.integer({ min: 1, max: 255 }), async (at, flip) => {
      const hurt = new FakeDisk(clean.durable.map((byte, index) => (index === OFFSET_BYTES + at ? byte ^ flip : byte)));
      const { tracks } = await loaded(hurt);
      for (const track of pending) if (!tracks.has(track)) expect.fail(`track ${track} is lost`);
    }),
    300,
  );
});

test("a sector of what a half began with that is blank, or of an earlier time, reads as all marked", async () => {
  const disk = new FakeDisk(DISK_BYTES);
  const before = disk.durable.slice();
  const pending = new Set(Array.from({ length: 3 * RECORDS_PER_SECTOR }, (_, index) => index * 3));
  await open(disk, (track) => pending.has(track)).writeAll();
  const written = Array.from({ length: INTENT_LOG_BYTES / SECTOR_BYTES }, (_, sector) => sector * SECTOR_BYTES)
    .map((at) => OFFSET_BYTES + at)
    .filter((at) => !isZero(disk.durable.subarray(at, at + SECTOR_BYTES)));
  expect(written.length).toBe(3);
  for (const at of written) {
    const hurt = new FakeDisk(disk.durable.slice());
    for (const content of [hurt.durable, hurt.visible]) content.set(before.subarray(at, at + SECTOR_BYTES), at);
    const { tracks } = await loaded(hurt);
    expect([...pending].filter((track) => !tracks.has(track))).toEqual([]);
  }
});

test("updates are numbered on, also after a crash", async () => {
  const disk = new FakeDisk(DISK_BYTES);
  const log = open(disk, () => false);
  await log.writeAll();
  await log.mark(1, 1);
  await log.mark(2, 3);
  expect(log.lsn).toBe(2);
  const after = open(disk.afterCrash(), () => false);
  await after.load(new Bitmap(TRACKS));
  expect(after.lsn).toBe(2);
});

/** A log in use, with what is pending in it. */
async function used(pairId?: number): Promise<{ readonly disk: FakeDisk; readonly pending: ReadonlySet<number> }> {
  const disk = new FakeDisk(DISK_BYTES);
  const pending = new Set([7, 8, 2000]);
  const log = open(disk, (track) => pending.has(track), pairId);
  await log.writeAll();
  for (let index = 0; index < 2 * RECORDS_PER_SECTOR; index++) {
    pending.add(100 + index * 2);
    await log.mark(100 + index * 2, 100 + index * 2);
  }
  return { disk, pending };
}

function moved(disk: FakeDisk, from: number, to: number, source = disk): FakeDisk {
  const hurt = new FakeDisk(disk.durable);
  const at = OFFSET_BYTES + from * SECTOR_BYTES;
  for (const content of [hurt.durable, hurt.visible])
    content.set(source.durable.subarray(at, at + SECTOR_BYTES), OFFSET_BYTES + to * SECTOR_BYTES);
  return hurt;
}

test("a sector in use that is also in the place of another costs no mark", async () => {
  const { disk, pending } = await used();
  const sectors = INTENT_LOG_BYTES / SECTOR_BYTES;
  const inUse = Array.from({ length: sectors }, (_, sector) => sector).filter(
    (sector) =>
      !isZero(disk.durable.slice(OFFSET_BYTES + sector * SECTOR_BYTES, OFFSET_BYTES + (sector + 1) * SECTOR_BYTES)),
  );
  expect(inUse.length).toBeGreaterThan(2);
  for (const from of inUse)
    for (let to = 0; to < sectors; to++) {
      const { tracks } = await loaded(moved(disk, from, to));
      for (const track of pending) if (!tracks.has(track)) expect.fail(`${from} to ${to}: track ${track} is lost`);
    }
});

test("what another pair left in the place of a log is not taken for it: everything counts as marked", async () => {
  const { disk } = await used(41);
  expect((await loaded(disk)).tracks.count).toBe(TRACKS);
});

test("what another pair left behind the end of a log does not belong to it", async () => {
  const { disk, pending } = await used();
  const other = await used(41);
  const sectors = INTENT_LOG_BYTES / SECTOR_BYTES;
  const last = sectors / 2 - 1;
  for (const half of [0, sectors / 2]) {
    const { tracks, corrupt } = await loaded(moved(disk, half + 1, half + last, other.disk));
    expect(corrupt).toBe(0);
    expect([...tracks.indices()]).toEqual([...pending].toSorted((left, right) => left - right));
  }
});
