import { expect, test } from "vitest";
import { SECTOR_BYTES } from "../ports/index.ts";
import { CopyIn } from "../restore/copy-in.ts";
import { beginRestore } from "../restore/restore.ts";
import { drained } from "../testing/drained.node.ts";
import { FakeDisk } from "../testing/fake-disk.ts";
import { trackCopyAt } from "../volume/track-copy.ts";
import { logAreaBytes } from "./log-layout.ts";
import { REWIND_ROOM_BYTES } from "./log-writer.ts";
import { RECORD_HEADER_BYTES } from "./journal-record.ts";
import { Rig, RigDisks, TRACK_BYTES } from "./journal-rig.node.ts";
import { recover } from "./recovery.ts";
import { expectSound, pass, started } from "./sound-rig.node.ts";

const FAILS = { fails: () => false };

function write(rig: Rig, fill: number, track = 0, lengthBytes = 2 * TRACK_BYTES): Promise<void> {
  const data = new Uint8Array(lengthBytes).fill(fill);
  return rig.volume.update({ kind: "write", offsetBytes: track * TRACK_BYTES, data, fua: false });
}

test("a moment that is held is not folded past, though hosts wait for the room; they go on when it is let go", async () => {
  const rig = await started();
  await write(rig, 1);
  rig.journal.moments.hold(1);
  let through = 0;
  const others = (async () => {
    for (let fill = 2; fill <= 40; fill++, through++) await write(rig, fill);
  })();
  await pass(rig, 1_000);
  expect(through).toBeLessThan(39);
  expect(rig.journal.moments.window.oldestLsn).toBeLessThanOrEqual(1);
  expect((await rig.at(1))[0]).toBe(1);
  rig.journal.moments.hold(undefined);
  await others;
  await expectSound(rig);
});

test.each(["apply", "swap"] as const)(
  "%s: to a moment whose room hosts have taken meanwhile is refused, and nothing changes",
  async (method) => {
    const rig = await started();
    for (let fill = 1; fill <= 12; fill++) await write(rig, fill);
    const { oldestLsn } = rig.journal.moments.window;
    // More than the log has room for: they wait for what the oldest moments take.
    const writes = Array.from({ length: 40 }, (_, index) => write(rig, 101 + index));
    await expect(recover(rig.journal, oldestLsn, method)).rejects.toMatchObject({ code: "JOURNAL_POINT" });
    await Promise.all(writes);
    expect([rig.journal.isExchanged, (await rig.volume.read(0, SECTOR_BYTES))[0]]).toEqual([false, 140]);
    expect(rig.volume.rewriter).toBeUndefined();
    await expectSound(rig);
  },
);

test.each([false, true])(
  "while the disk of the base is broken hosts go on, whatever room the log has; mended, it gets all of it (swap before: %s)",
  async (swapped) => {
    const rig = await started();
    for (let fill = 1; fill <= 12; fill++) await write(rig, fill, fill);
    if (swapped) {
      const { ended } = await recover(rig.journal, rig.journal.moments.window.newestLsn - 1, "swap");
      await ended;
    } else rig.journal.management.state.base = "stale";
    for (const disk of [rig.disks.volume, rig.disks.base])
      if (disk === rig.journal.parts.base.disk) disk.decide = () => FAILS;
    const writes = (async () => {
      for (let fill = 101; fill <= 160; fill++) await write(rig, fill, fill % 12);
      return "all";
    })();
    await pass(rig, 5_000);
    expect(await Promise.race([writes, drained()])).toBe("all");
    for (const disk of [rig.disks.volume, rig.disks.base]) disk.decide = () => "done";
    rig.journal.onStale();
    await rig.whole();
    await write(rig, 7, 3);
    await expectSound(rig);
  },
);

test("a recovery that waits for room in the log goes on when the base is mended, though no host writes any more", async () => {
  const rig = await started();
  const { journal, volume } = rig;
  rig.disks.base.decide = () => FAILS;
  const leftBytes = (): number => logAreaBytes(journal.parts) - journal.log.usedBytes;
  let fill = 0;
  while (leftBytes() > REWIND_ROOM_BYTES + 8 * TRACK_BYTES) await write(rig, ++fill);
  // Until there is room for rewinds alone, which recoveries take.
  while (leftBytes() >= REWIND_ROOM_BYTES + 2 * RECORD_HEADER_BYTES)
    await volume.update({ kind: "zero", offsetBytes: 8 * TRACK_BYTES, lengthBytes: TRACK_BYTES });
  const toNewest = () => recover(journal, journal.moments.window.newestLsn, "apply");
  while (journal.log.hasRewindRoom) {
    const { ended } = await toNewest();
    await ended;
  }
  const recovering = toNewest();
  let begun = false;
  void recovering.then(() => {
    begun = true;
  });
  await pass(rig, 1_000);
  expect(begun).toBe(false);
  rig.disks.base.decide = () => "done";
  await pass(rig, 1_000);
  expect(begun).toBe(true);
  await (await recovering).ended;
  expect((await volume.read(0, SECTOR_BYTES))[0]).toBe(fill);
  await expectSound(rig);
});

test("no base is begun while a restore runs: it would be an image of a mixture", async () => {
  const rig = await Rig.start(RigDisks.fresh(0));
  rig.disks.base.decide = () => FAILS;
  await write(rig, 1);
  await pass(rig, 1_500);
  const { volume, runtime } = rig;
  let bring = (): void => {};
  const brought = new Promise<void>((resolve) => {
    bring = resolve;
  });
  const place = { pairId: 1, offsetBytes: 0, trackCount: volume.trackCount };
  const tracks = trackCopyAt(new FakeDisk(SECTOR_BYTES), place, TRACK_BYTES);
  const source = { read: (_: number, lengthBytes: number) => brought.then(() => new Uint8Array(lengthBytes).fill(8)) };
  const copy = new CopyIn({ volume, source, tracks, runtime, name: "backup", from: "mirror", id: 1 });
  const nothing = async (): Promise<void> => {};
  const owner = { tracks: () => [0, 1], accept: nothing, finished: nothing };
  const { ended } = await beginRestore({ volume, copy, runtime }, owner);
  rig.disks.base.decide = () => "done";
  await pass(rig, 3_000);
  expect(rig.journal.moments.isRecoverable).toBe(false);
  bring();
  await ended;
  await rig.whole();
  expect((await rig.at(rig.journal.moments.window.newestLsn))[0]).toBe(8);
  await expectSound(rig);
});

test("a recovery whose log does not hold its content any more gives hosts no other content; what they overwrite is whole again", async () => {
  const rig = await started();
  for (let track = 0; track < 15; track++) await write(rig, 1 + track, track, TRACK_BYTES);
  const { newestLsn: lsn } = rig.journal.moments.window;
  await write(rig, 77, 0, TRACK_BYTES);
  await write(rig, 78, 3, TRACK_BYTES);
  const areaBytes = logAreaBytes(rig.journal.parts);
  const { position } = rig.journal.table.entry(1);
  const at = rig.disks.log.sizeBytes - areaBytes + ((position + RECORD_HEADER_BYTES) % areaBytes);
  rig.disks.log.visible[at] = (rig.disks.log.visible[at] as number) ^ 1;
  await recover(rig.journal, lsn, "apply");
  await drained();
  await expect(rig.volume.read(0, SECTOR_BYTES)).rejects.toMatchObject({ code: "DISK_FAILED" });
  await pass(rig, 300);
  // Folding meets it: there is no base any more.
  for (let fill = 1; rig.journal.moments.isRecoverable && fill < 100; fill++) await write(rig, fill, 6, TRACK_BYTES);
  expect(rig.runtime.steps).toContain("journal.unreadable");
  await expect(rig.volume.read(0, SECTOR_BYTES)).rejects.toMatchObject({ code: "DISK_FAILED" });
  await write(rig, 99, 0, TRACK_BYTES);
  await write(rig, 98, 3, TRACK_BYTES);
  await pass(rig, 3_000);
  expect(rig.journal.recovery).toBeUndefined();
  expect((await rig.volume.read(0, SECTOR_BYTES))[0]).toBe(99);
  await rig.whole();
  await expectSound(rig);
});
