import { expect, test } from "vitest";
import { DiskError, SECTOR_BYTES } from "../ports/index.ts";
import { drained } from "../testing/drained.node.ts";
import type { FakeDisk, WriteFate } from "../testing/fake-disk.ts";
import { testRuntime } from "../testing/test-runtime.node.ts";
import { Volume } from "../volume/volume.ts";
import { logAreaBytes, marksOffsetBytes } from "./log-layout.ts";
import { RECORD_HEADER_BYTES } from "./journal-record.ts";
import { Rig, RigDisks, TRACK_BYTES, VOLUME_BYTES } from "./journal-rig.node.ts";
import { recover } from "./recovery.ts";
import { expectSound, pass, started, write } from "./sound-rig.node.ts";
import { openJournal } from "./start-journal.ts";
import { JournalClock } from "./journal-clock.ts";

const FAILS: WriteFate = { fails: () => false };
const never = new Promise<never>(() => {});

/** Where the log has the data of an entry. */
function dataOffsetBytes(rig: Rig, lsn: number): number {
  const { position } = rig.journal.table.entry(lsn);
  const areaBytes = logAreaBytes(rig.journal.parts);
  return rig.disks.log.sizeBytes - areaBytes + ((position + RECORD_HEADER_BYTES) % areaBytes);
}

/** What the log holds of an entry's data is not what was written. */
function spoil(rig: Rig, lsn: number): void {
  const at = dataOffsetBytes(rig, lsn);
  for (const bytes of [rig.disks.log.visible, rig.disks.log.durable]) bytes[at] = (bytes[at] as number) ^ 0xff;
}

test.each(["base", "log"] as const)(
  "while the %s disk refuses there is no base, hosts write on; then it is made",
  async (which) => {
    const disks = RigDisks.fresh(0);
    await (await Rig.start(disks)).whole();
    disks.base.visible.fill(9);
    const rig = await Rig.start(RigDisks.fresh(0));
    rig.disks[which].decide = ({ offsetBytes }) =>
      which === "base" || (offsetBytes >= 8192 && offsetBytes < 8192 + SECTOR_BYTES) ? FAILS : "done";
    await write(rig, 1);
    await pass(rig, 2_500);
    expect(rig.journal.moments.isRecoverable).toBe(false);
    await write(rig, 2, 4 * TRACK_BYTES);
    rig.disks[which].decide = () => "done";
    await rig.whole();
    await expectSound(rig);
  },
);

test("a copy to the base of which nobody knows what is left is made anew", async () => {
  const first = await started();
  await write(first, 1);
  const { ended } = await recover(first.journal, 0, "swap");
  await ended;
  // The disks are exchanged: this one is to be the base.
  first.disks.volume.decide = () => never;
  await write(first, 3, 2 * TRACK_BYTES);
  await first.volume.flush();
  await pass(first, 200);
  expect(first.journal.management.state.base).toBe("copying");
  const next = first.disks.afterCrash();
  const at = marksOffsetBytes(first.volume, "base");
  for (const bytes of [next.log.visible, next.log.durable]) bytes.fill(0x55, at, at + SECTOR_BYTES);
  const rig = await Rig.start(next);
  await rig.whole();
  await expectSound(rig);
});

test("a recovery of which nobody knows what is left brings everything once more", async () => {
  const first = await started();
  for (let track = 0; track < 8; track++) await write(first, 1 + track, track * TRACK_BYTES, 2);
  const { newestLsn: lsn } = first.journal.moments.window;
  const before = await first.at(lsn);
  for (let track = 0; track < 8; track++) await write(first, 50 + track, track * TRACK_BYTES, 2);
  await first.volume.flush();
  first.disks.volume.decide = () => never;
  await recover(first.journal, lsn, "apply");
  await drained();
  const next = first.disks.afterCrash();
  const at = marksOffsetBytes(first.volume, "recovery");
  for (const bytes of [next.log.visible, next.log.durable]) bytes.fill(0x55, at, at + SECTOR_BYTES);
  const rig = await Rig.start(next);
  expect(rig.journal.recovery?.copy.tracks.left.count).toBe(rig.volume.trackCount);
  expect(await rig.volume.read(0, VOLUME_BYTES)).toEqual(before);
  while (rig.journal.recovery !== undefined) await pass(rig, 100);
  expect(await rig.volume.disk.read(0, VOLUME_BYTES)).toEqual(before);
  await expectSound(rig);
});

test.each(["write", "flush"] as const)(
  "a write to what a recovery has still to bring, of which the %s fails, was never there, also after a crash",
  async (which) => {
    const first = await started();
    for (const fill of [1, 2]) for (const track of [0, 8]) await write(first, fill, track * TRACK_BYTES, 2);
    const before = await first.at(2);
    // What comes first in the background never comes.
    const blockedBytes = dataOffsetBytes(first, 1);
    first.disks.log.beforeRead = (offsetBytes) => (offsetBytes === blockedBytes ? never : undefined);
    await recover(first.journal, 2, "apply");
    const { volume } = first.disks;
    if (which === "write") volume.decide = () => FAILS;
    else volume.decideFlush = () => "fails";
    await expect(write(first, 3, 8 * TRACK_BYTES, 2)).rejects.toMatchObject({ code: "DISK_FAILED" });
    first.disks.log.beforeRead = () => undefined;
    volume.decide = () => "done";
    volume.decideFlush = () => "done";
    const { newestLsn } = first.journal.moments.window;
    expect(await first.at(newestLsn)).toEqual(before);
    expect(first.journal.table.doneLsn).toBe(newestLsn);
    const rig = await Rig.start(first.disks.afterCrash());
    expect(await rig.volume.read(0, VOLUME_BYTES)).toEqual(before);
    while (rig.journal.recovery !== undefined) await pass(rig, 100);
    expect(await rig.volume.disk.read(0, VOLUME_BYTES)).toEqual(before);
    await expectSound(rig);
  },
);

test("a write in part of a track that a recovery cannot bring fails, and the journal goes on", async () => {
  const rig = await started();
  for (const fill of [1, 2]) for (const track of [0, 8]) await write(rig, fill, track * TRACK_BYTES, 2);
  const blockedBytes = dataOffsetBytes(rig, 1);
  rig.disks.log.beforeRead = (offsetBytes) =>
    offsetBytes === blockedBytes ? never : Promise.reject(new DiskError("EIO", offsetBytes, SECTOR_BYTES));
  await recover(rig.journal, 2, "apply");
  const { newestLsn } = rig.journal.moments.window;
  await expect(write(rig, 3, 8 * TRACK_BYTES, 1)).rejects.toMatchObject({ code: "DISK_FAILED" });
  expect(rig.journal.moments.window.newestLsn).toBe(newestLsn);
  rig.disks.log.beforeRead = () => undefined;
  await write(rig, 4, 8 * TRACK_BYTES, 1);
  expect((await rig.volume.read(8 * TRACK_BYTES, 2 * SECTOR_BYTES)).filter((_, at) => at % SECTOR_BYTES === 0)).toEqual(
    Uint8Array.of(4, 1),
  );
  expect(rig.runtime.escaped).toEqual([]);
});

test("while the base refuses, folding is tried again, and no moment in the window is another one", async () => {
  const rig = await started();
  let refusals = 3;
  rig.disks.base.decide = () => (refusals-- > 0 ? FAILS : "done");
  const work = (async () => {
    for (let fill = 1; fill <= 60; fill++) await write(rig, fill);
  })();
  await pass(rig, 1_000);
  await work;
  expect(rig.runtime.steps.filter((step) => step === "journal.fold.failed")).toHaveLength(3);
  const { oldestLsn, newestLsn } = rig.journal.moments.window;
  for (let lsn = oldestLsn; lsn <= newestLsn; lsn++) expect((await rig.at(lsn))[0]).toBe(lsn);
  await expectSound(rig);
});

test("an entry that the log does not hold any more is no moment, and is not folded: the base is made anew", async () => {
  const rig = await started();
  await write(rig, 1);
  await write(rig, 2, 4 * TRACK_BYTES);
  spoil(rig, 1);
  await expect(rig.at(2)).rejects.toMatchObject({ code: "EIO" });
  for (let fill = 3; fill <= 60; fill++) await write(rig, fill, 2 * TRACK_BYTES);
  expect(rig.runtime.steps).toContain("journal.unreadable");
  await rig.whole();
  for (let fill = 3; fill <= 60; fill++) await write(rig, fill, 2 * TRACK_BYTES);
  await expectSound(rig);
  expect([(await rig.volume.read(0, 512))[0], rig.disks.volume.visible[4 * TRACK_BYTES]]).toEqual([1, 2]);
});

test("a swap whose base cannot be brought to the moment, since the log lost an entry, is refused", async () => {
  const rig = await started();
  await write(rig, 1);
  await write(rig, 2, 4 * TRACK_BYTES);
  await write(rig, 3);
  spoil(rig, 1);
  await expect(recover(rig.journal, 2, "swap")).rejects.toMatchObject({ code: "JOURNAL_NOT_READY" });
  expect([rig.journal.isExchanged, (await rig.volume.read(0, SECTOR_BYTES))[0]]).toEqual([false, 3]);
  await rig.whole();
  await expectSound(rig);
});

test("folding waits for a change that is not in the volume yet", async () => {
  const rig = await started();
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  rig.disks.volume.decide = ({ offsetBytes }) => (offsetBytes === 0 ? opened.then(() => "done") : "done");
  const slow = write(rig, 1, 0, 2);
  let through = 0;
  const others = (async () => {
    for (let fill = 2; fill <= 60; fill++, through++) await write(rig, fill, 4 * TRACK_BYTES);
  })();
  await pass(rig, 500);
  expect(through).toBeLessThan(59);
  expect(rig.journal.management.state.foldLsn).toBe(0);
  open();
  await slow;
  await others;
  await expectSound(rig);
});

test("a log that lost what was being folded is none that a base can be told from: volume and base are made one again", async () => {
  const first = await started();
  first.disks.base.decide = () => never;
  for (let fill = 1; fill <= 20; fill++) void write(first, fill).catch(() => {});
  for (let round = 0; round < 50; round++) await drained();
  const { baseLsn, foldLsn } = first.journal.management.state;
  expect(foldLsn).toBeGreaterThan(baseLsn);
  await first.volume.flushDisk();
  spoil(first, baseLsn + 1);
  const found = first.disks.volume.visible.slice();
  const rig = await Rig.start(first.disks.afterCrash());
  expect(await rig.volume.read(0, VOLUME_BYTES)).toEqual(found);
  expect(rig.journal.moments.isRecoverable).toBe(false);
  await rig.whole();
  await expectSound(rig);
});

test("a journal of another volume is refused", async () => {
  const { disks } = await started();
  const { volume, log, base } = disks.afterCrash();
  const runtime = testRuntime();
  const named = (name: string, disk: FakeDisk): Volume => new Volume(name, disk, TRACK_BYTES, runtime);
  const volumes = { volume: named("w", volume), log: named("log", log), base: named("base", base) };
  await expect(openJournal({ ...volumes, clock: new JournalClock(runtime.clock), runtime })).rejects.toMatchObject({
    code: "JOURNAL_MISFIT",
  });
});

test.each([0, 4096])("a table of which the slot at %i is damaged goes by the other one", async (slotBytes) => {
  const first = await started();
  await write(first, 1);
  const next = first.disks.afterCrash();
  next.log.visible[slotBytes + 24] = (next.log.visible[slotBytes + 24] as number) ^ 1;
  const rig = await Rig.start(next);
  await rig.whole();
  expect((await rig.volume.read(0, 512))[0]).toBe(1);
  await expectSound(rig);
});

test("of two pins only the one that is in the way is lost", async () => {
  const rig = await started();
  await write(rig, 1);
  const early = rig.journal.moments.pin(1);
  for (let fill = 2; fill <= 20; fill++) await write(rig, fill);
  const late = rig.journal.moments.pin(rig.journal.moments.window.newestLsn);
  for (let fill = 21; fill <= 30 || !early.lost; fill++) await write(rig, fill);
  expect([early.lost, late.lost]).toEqual([true, false]);
  await expectSound(rig);
});

test("who let go of a moment is not told of its loss, and it keeps no room", async () => {
  const rig = await started();
  await write(rig, 1);
  const lost: string[] = [];
  const early = rig.journal.moments.pin(1, () => lost.push("early"));
  rig.journal.moments.pin(1, () => lost.push("kept"));
  early.release();
  for (let fill = 2; fill <= 60; fill++) await write(rig, fill);
  expect(lost).toEqual(["kept"]);
  await expectSound(rig);
});

test("a swap to a moment that somebody else keeps an earlier one of is one all the same; the earlier is lost", async () => {
  const rig = await started();
  await write(rig, 1);
  const pin = rig.journal.moments.pin(1);
  await write(rig, 2);
  await write(rig, 3);
  const { ended } = await recover(rig.journal, 2, "swap");
  await ended;
  expect([(await rig.volume.read(0, 512))[0], pin.lost]).toEqual([2, true]);
  await rig.whole();
  await expectSound(rig);
});

test("a log that is full to the last sector is found so after a crash", async () => {
  const first = await started();
  const areaBytes = logAreaBytes(first.journal.parts);
  first.journal.moments.hold(0);
  const { log } = first.journal;
  // As much again is kept for what a change leaves if it fails.
  while (log.usedBytes + 18 * RECORD_HEADER_BYTES <= areaBytes)
    await first.volume.update({ kind: "zero", offsetBytes: 0, lengthBytes: SECTOR_BYTES });
  await log.append({ kind: "mark", offsetBytes: 0, lengthBytes: 0 });
  for (let count = 0; count < 16; count++)
    await log.append({ kind: "rewind", offsetBytes: 0, lengthBytes: 0, targetLsn: 0 });
  expect(log.usedBytes).toBe(areaBytes);
  const { newestLsn } = first.journal.table;
  const rig = await Rig.start(first.disks.afterCrash());
  expect(rig.journal.table.newestLsn).toBe(newestLsn);
  await rig.whole();
  await expectSound(rig);
});
