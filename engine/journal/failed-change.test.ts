import { expect, test } from "vitest";
import type { EngineError } from "../errors.ts";
import { DiskError, SECTOR_BYTES } from "../ports/index.ts";
import { drained } from "../testing/drained.node.ts";
import type { FakeDisk, WriteFate } from "../testing/fake-disk.ts";
import type { Bitmap } from "../volume/bitmap.ts";
import { Tap } from "../volume/tap.ts";
import { RECORD_HEADER_BYTES } from "./journal-record.ts";
import { Rig, RigDisks, TRACK_BYTES, VOLUME_BYTES } from "./journal-rig.node.ts";
import { recover } from "./recovery.ts";
import { expectSound, started, write } from "./sound-rig.node.ts";

const FAILS: WriteFate = { fails: () => false };

test("a volume that can neither be written nor read: the write fails, the journal goes on", async () => {
  const rig = await started();
  await write(rig, 1);
  rig.disks.volume.decide = () => FAILS;
  rig.disks.volume.beforeRead = async (offsetBytes, lengthBytes) => {
    throw new DiskError("EIO", offsetBytes, lengthBytes);
  };
  await expect(write(rig, 2)).rejects.toMatchObject({ code: "DISK_FAILED" });
  expect(rig.runtime.steps).toContain("journal.unsure");
  rig.disks.volume.decide = () => "done";
  rig.disks.volume.beforeRead = () => undefined;
  await write(rig, 3);
  await expectSound(rig);
});

test("a write that failed is made again by a start until the journal has what it left, whatever a crash leaves of the log", async () => {
  const first = await started();
  await write(first, 1);
  await first.volume.flush();
  const { log, volume } = first.disks;
  const failing = Promise.withResolvers<WriteFate>();
  volume.decide = ({ offsetBytes }) => (offsetBytes === 0 ? failing.promise : "done");
  write(first, 2).catch(() => undefined);
  await drained();
  // The log is busy when the write fails, and another record waits before the one of what it left.
  const busy = Promise.withResolvers<WriteFate>();
  log.decide = () => busy.promise;
  for (const track of [4, 8]) {
    void write(first, 3, track * TRACK_BYTES);
    await drained();
  }
  failing.resolve({ fails: (sector) => sector < 2 });
  await drained();
  await first.volume.flush();
  const oneRecord = RECORD_HEADER_BYTES / SECTOR_BYTES + 4;
  log.decide = () => ({ crashes: (sector) => sector < oneRecord });
  busy.resolve("done");
  await drained();
  const rig = await Rig.start(first.disks.afterCrash());
  await rig.whole();
  await expectSound(rig);
  const track = (await rig.volume.read(0, TRACK_BYTES)).slice();
  expect(track).toEqual(new Uint8Array(TRACK_BYTES).fill(2));
});

test("a write that fails while the log is full: the journal has what it left, and who waits for room goes on", async () => {
  const rig = await started();
  const { volume } = rig.disks;
  const failing = Promise.withResolvers<WriteFate>();
  volume.decide = ({ offsetBytes }) => (offsetBytes === 0 ? failing.promise : "done");
  const failed = codeOf(write(rig, 2));
  await drained();
  const { through } = await fillLog(rig);
  failing.resolve({ fails: (sector) => sector < 2 });
  expect(await failed).toBe("DISK_FAILED");
  volume.decide = () => "done";
  await through;
  expect(rig.runtime.steps).not.toContain("journal.unsure");
  await expectSound(rig);
});

/** Hosts write until they wait for room. @returns settles when none waits any more */
async function fillLog(rig: Rig): Promise<{ readonly through: Promise<void> }> {
  let isThrough = false;
  const through = (async () => {
    for (let fill = 3; fill <= 60; fill++) await write(rig, fill, 4 * TRACK_BYTES);
    isThrough = true;
  })();
  await drained();
  expect(isThrough).toBe(false);
  return { through };
}

function codeOf(change: Promise<void>): Promise<string> {
  return change.then(
    () => "done",
    (error: unknown) => (error as EngineError).code,
  );
}

test.each(["what it left cannot be read", "the log has no room for what zeros left"] as const)(
  "what a host reads where a change failed is not made again by a start, also if %s",
  async (why) => {
    const first = await started();
    const { volume } = first.disks;
    await write(first, 1);
    await first.volume.flush();
    const failing = Promise.withResolvers<WriteFate>();
    volume.decide = ({ offsetBytes }) => (offsetBytes === 0 ? failing.promise : "done");
    const isFull = why !== "what it left cannot be read";
    volume.trim = async (offsetBytes, lengthBytes) => {
      await failing.promise;
      throw new DiskError("EIO", offsetBytes, lengthBytes);
    };
    const zeros = { kind: "zero", offsetBytes: 0, lengthBytes: 4 * TRACK_BYTES } as const;
    const failed = codeOf(isFull ? first.volume.update(zeros) : write(first, 2));
    await drained();
    const filled = isFull ? await fillLog(first) : undefined;
    if (!isFull)
      volume.beforeRead = async (offsetBytes, lengthBytes) =>
        Promise.reject(new DiskError("EIO", offsetBytes, lengthBytes));
    failing.resolve(FAILS);
    expect(await failed).toBe("DISK_FAILED");
    volume.decide = () => "done";
    volume.beforeRead = () => undefined;
    await filled?.through;
    expect(first.runtime.steps).toContain("journal.unsure");
    const seen = await first.volume.read(0, VOLUME_BYTES);
    expect(seen[0]).toBe(1);
    const all = (): boolean => true;
    const killed = first.disks.all.map((disk) => disk.afterCrash(all)) as [FakeDisk, FakeDisk, FakeDisk];
    const rig = await Rig.start(new RigDisks(...killed));
    expect(await rig.volume.read(0, VOLUME_BYTES)).toEqual(seen);
    await rig.whole();
    await expectSound(rig);
  },
);

/** Hears where a volume is about to be another one. */
class ExchangeTap extends Tap {
  told: readonly number[] = [];

  override get allowsExchange(): boolean {
    return true;
  }

  override async prepareExchange(tracks: Bitmap): Promise<void> {
    this.told = [...tracks.indices()];
  }
}

/** The write of track 8 failed, and what it left there could not be read; the write of track 0 is a moment after it. */
async function unsure(): Promise<Rig> {
  const rig = await started();
  const { volume } = rig.disks;
  volume.decide = () => ({ fails: (sector) => sector === 0 });
  volume.beforeRead = (offsetBytes, lengthBytes) => Promise.reject(new DiskError("EIO", offsetBytes, lengthBytes));
  await expect(write(rig, 2, 8 * TRACK_BYTES)).rejects.toMatchObject({ code: "DISK_FAILED" });
  volume.decide = () => "done";
  volume.beforeRead = () => undefined;
  await write(rig, 3);
  return rig;
}

test("who reads first what a failed write left has it put into the journal: no moment since lacks it", async () => {
  const rig = await unsure();
  const { newestLsn } = rig.journal.moments.window;
  const seen = (await rig.volume.read(8 * TRACK_BYTES, TRACK_BYTES)).slice();
  expect(seen[0]).toBe(2);
  expect(rig.journal.moments.window.newestLsn).toBe(newestLsn + 1);
  await rig.volume.read(0, VOLUME_BYTES);
  expect([rig.journal.unsure.isEmpty, rig.journal.management.state.unsure]).toEqual([true, false]);
  await expectSound(rig);
  await write(rig, 4, 8 * TRACK_BYTES);
  const { ended } = await recover(rig.journal, rig.journal.moments.window.newestLsn - 1, "apply");
  await ended;
  expect(await rig.volume.read(8 * TRACK_BYTES, TRACK_BYTES)).toEqual(seen);
});

test("after a start each track that is read is put into the journal, once", async () => {
  const first = await unsure();
  await first.volume.flush();
  const rig = await Rig.start(first.disks.afterCrash());
  await rig.whole();
  await rig.volume.read(0, VOLUME_BYTES);
  const { newestLsn } = rig.journal.moments.window;
  await rig.volume.read(0, VOLUME_BYTES);
  expect([rig.journal.moments.window.newestLsn, rig.journal.unsure.isEmpty]).toEqual([newestLsn, true]);
  await expectSound(rig);
});

/** Hosts write once more, and the volume goes back to before. @returns the tracks that may be others then, as mirrors hear */
async function swapBack(rig: Rig): Promise<readonly number[]> {
  const tap = new ExchangeTap();
  rig.volume.addTap(tap);
  const { newestLsn } = rig.journal.moments.window;
  await write(rig, 4, 4 * TRACK_BYTES, 2);
  const moment = await rig.at(newestLsn);
  const { ended } = await recover(rig.journal, newestLsn, "swap");
  await ended;
  expect(await rig.volume.read(0, VOLUME_BYTES)).toEqual(moment);
  await rig.whole();
  await expectSound(rig);
  return tap.told;
}

test("mirrors hear of a swap also where the journal may not be what the volume was, until the two begin anew as one", async () => {
  const rig = await unsure();
  expect(await swapBack(rig)).toEqual([4, 8, 9]);
  expect(await swapBack(rig)).toEqual([4]);
});

test("after a start what the volume is not known to hold may be anywhere", async () => {
  const first = await unsure();
  await first.volume.flush();
  await write(first, 5);
  const rig = await Rig.start(first.disks.afterCrash());
  await rig.whole();
  expect(await swapBack(rig)).toHaveLength(rig.volume.trackCount);
  const next = await Rig.start(rig.disks.afterCrash());
  expect(await swapBack(next)).toEqual([4]);
});

test("a recovery by applying brings what the volume is not known to hold, too", async () => {
  const rig = await unsure();
  const { newestLsn } = rig.journal.moments.window;
  const moment = await rig.at(newestLsn);
  expect(rig.disks.volume.visible).not.toEqual(moment);
  await write(rig, 4, 4 * TRACK_BYTES, 2);
  const { ended } = await recover(rig.journal, newestLsn, "apply");
  await ended;
  expect(rig.disks.volume.visible).toEqual(moment);
  await expectSound(rig);
});

test.each(["before the write fails", "while the journal looks at what it left"] as const)(
  "no start undoes what a host sees of a failed write if the read begins %s",
  async (when) => {
    const first = await started();
    const { volume } = first.disks;
    await write(first, 1);
    const failing = Promise.withResolvers<WriteFate>();
    volume.decide = () => failing.promise;
    const failed = codeOf(write(first, 2));
    await drained();
    const looked = Promise.withResolvers<void>();
    const gates: Promise<void>[] = [looked.promise.then(() => Promise.reject(new DiskError("EIO", 0, VOLUME_BYTES)))];
    const slow = Promise.withResolvers<void>();
    const isEarly = when === "before the write fails";
    if (isEarly) gates.unshift(slow.promise);
    volume.beforeRead = () => gates.shift();
    let reading = isEarly ? first.volume.read(0, VOLUME_BYTES) : undefined;
    failing.resolve({ fails: (sector) => sector < 2 });
    await drained();
    reading ??= first.volume.read(0, VOLUME_BYTES);
    await drained();
    looked.resolve();
    expect(await failed).toBe("DISK_FAILED");
    volume.decide = () => "done";
    slow.resolve();
    const seen = (await reading).slice();
    expect(seen[0]).toBe(2);
    expect(first.runtime.steps).toContain("journal.unsure");
    const killed = first.disks.all.map((disk) => disk.afterCrash(() => true)) as [FakeDisk, FakeDisk, FakeDisk];
    const rig = await Rig.start(new RigDisks(...killed));
    expect(await rig.volume.read(0, VOLUME_BYTES)).toEqual(seen);
    await rig.whole();
    await expectSound(rig);
  },
);
