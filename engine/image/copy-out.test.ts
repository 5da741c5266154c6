import fc from "fast-check";
import { expect, test } from "vitest";
import { intentBitmapBytes } from "../mirror/intent-bitmap.ts";
import { SECTOR_BYTES } from "../ports/index.ts";
import { checkAsyncLaw } from "../testing/check-law.ts";
import { drained } from "../testing/drained.node.ts";
import { FakeDisk } from "../testing/fake-disk.ts";
import { testRuntime } from "../testing/test-runtime.node.ts";
import { trackCopyAt } from "../volume/track-copy.ts";
import { Volume } from "../volume/volume.ts";
import { CopyOut } from "./copy-out.ts";

const TRACK_BYTES = 4 * SECTOR_BYTES;
const TRACKS = 6;
/** The last track is partial. */
const SECTORS = TRACKS * 4 - 1;
const SIZE_BYTES = SECTORS * SECTOR_BYTES;
const MOMENT = 1;

const writes = fc.array(
  fc.record({ sector: fc.nat({ max: SECTORS - 1 }), sectors: fc.integer({ min: 1, max: 9 }), zero: fc.boolean() }),
  { maxLength: 8 },
);

async function open(disk: FakeDisk, target: FakeDisk, meta: FakeDisk, begin: boolean, durable = async () => {}) {
  const runtime = testRuntime();
  const volume = new Volume("pvol", disk, TRACK_BYTES, runtime);
  const place = { pairId: 1, offsetBytes: 0, trackCount: TRACKS };
  const tracks = trackCopyAt(meta, place, TRACK_BYTES);
  if (begin) await tracks.begin(Array.from({ length: TRACKS }, (_, track) => track));
  else expect(await tracks.load()).toBe(true);
  const lost: string[] = [];
  const onLost = async (why: string): Promise<void> => {
    lost.push(why);
    await durable();
  };
  const copy = new CopyOut({ volume, target, tracks, runtime, name: "test", onLost });
  volume.addTap(copy);
  return { volume, copy, lost };
}

function change(volume: Volume, write: { sector: number; sectors: number; zero: boolean }): Promise<void> {
  const offsetBytes = write.sector * SECTOR_BYTES;
  const lengthBytes = Math.min(write.sectors, SECTORS - write.sector) * SECTOR_BYTES;
  if (write.zero) return volume.update({ kind: "zero", offsetBytes, lengthBytes });
  return volume.update({ kind: "write", offsetBytes, data: new Uint8Array(lengthBytes).fill(7), fua: false });
}

const original = new Uint8Array(SIZE_BYTES).fill(MOMENT);

test("the copy reads as the moment from the first step on, and is it at the end (LS-2a)", async () => {
  await checkAsyncLaw(
    fc.asyncProperty(writes, fc.nat({ max: 8 }), async (list, startAt) => {
      const target = new FakeDisk(SIZE_BYTES);
      const meta = new FakeDisk(intentBitmapBytes(TRACKS));
      const { volume, copy } = await open(new FakeDisk(original), target, meta, true);
      let running: Promise<boolean> | undefined;
      for (const [index, write] of list.entries()) {
        if (index === startAt) running = copy.run();
        const changing = change(volume, write);
        expect(await copy.read(0, SIZE_BYTES)).toEqual(original);
        await changing;
      }
      expect(await (running ?? copy.run())).toBe(true);
      expect(target.durable).toEqual(original);
    }),
  );
});

test("changes that come at once, while every device takes its time, leave the copy of the moment", async () => {
  await checkAsyncLaw(
    fc.asyncProperty(writes, fc.array(fc.nat({ max: 9 }), { minLength: 1, maxLength: 40 }), async (list, delays) => {
      const disks = [
        new FakeDisk(original),
        new FakeDisk(SIZE_BYTES),
        new FakeDisk(intentBitmapBytes(TRACKS)),
      ] as const;
      const { volume, copy } = await open(...disks, true);
      let asked = 0;
      for (const disk of disks)
        disk.decide = async () => {
          for (let turn = delays[asked++ % delays.length] ?? 0; turn > 0; turn--) await drained();
          return "done" as const;
        };
      const changes = list.map((write) => change(volume, write));
      const read = copy.read(0, SIZE_BYTES);
      expect(await copy.run()).toBe(true);
      expect(await read).toEqual(original);
      await Promise.all(changes);
      expect(disks[1].durable).toEqual(original);
    }),
    60,
  );
});

test("after a loss of power at any write, with any part of it kept, the copy is still of the moment", async () => {
  await checkAsyncLaw(
    fc.asyncProperty(
      writes,
      fc.nat({ max: 40 }),
      fc.array(fc.boolean(), { minLength: 64, maxLength: 64 }),
      async (list, crashAt, keeps) => {
        const disks = [
          new FakeDisk(original),
          new FakeDisk(SIZE_BYTES),
          new FakeDisk(intentBitmapBytes(TRACKS)),
        ] as const;
        const first = await open(...disks, true);
        let count = 0;
        for (const disk of disks)
          disk.decide = () => (count++ === crashAt ? { crashes: (sector) => keeps[sector] === true } : "done");
        const host = async (): Promise<void> => {
          for (const write of list) await change(first.volume, write);
        };
        void host();
        void first.copy.run();
        for (let step = 0; step < 400; step++) await drained();
        const [disk, target, meta] = disks;
        const after = [disk.afterCrash(), target.afterCrash(), meta.afterCrash()] as const;
        const second = await open(...after, false);
        expect(await second.copy.run()).toBe(true);
        expect(after[1].durable).toEqual(original);
      },
    ),
  );
});

test("a target that fails gives up the copy before anything changes, and no change of the volume fails for it", async () => {
  await checkAsyncLaw(
    fc.asyncProperty(writes, fc.nat({ max: 12 }), async (list, failAt) => {
      const target = new FakeDisk(SIZE_BYTES);
      const meta = new FakeDisk(intentBitmapBytes(TRACKS));
      const { volume, copy, lost } = await open(new FakeDisk(original), target, meta, true);
      let count = 0;
      target.decide = () => (count++ === failAt ? { fails: () => false } : "done");
      const running = copy.run();
      for (const write of list) await change(volume, write);
      const whole = await running;
      expect(lost).toEqual(whole ? [] : ["EIO"]);
      if (whole) expect(target.durable).toEqual(original);
    }),
  );
});

test("a change waits until it is durable that the copy is lost, though its own track was copied", async () => {
  const disk = new FakeDisk(original);
  const target = new FakeDisk(SIZE_BYTES);
  const meta = new FakeDisk(intentBitmapBytes(TRACKS));
  const first = await open(disk, target, meta, true, () => new Promise(() => {}));
  let copied = (): void => {};
  const copying = new Promise<"done">((resolve) => {
    copied = () => resolve("done");
  });
  // The copy of track 0 takes its time, and that of track 1 fails meanwhile.
  target.decide = ({ offsetBytes }) => (offsetBytes === 0 ? copying : { fails: () => false });
  void change(first.volume, { sector: 0, sectors: 1, zero: false });
  void change(first.volume, { sector: 4, sectors: 1, zero: false });
  await drained();
  copied();
  await drained();
  expect(first.lost).toEqual(["EIO"]);
  // Nobody knows durably that it is lost: after a loss of power it is still of the moment.
  const after = [disk.afterCrash(() => true), target.afterCrash(), meta.afterCrash()] as const;
  const second = await open(...after, false);
  expect(await second.copy.read(0, SIZE_BYTES)).toEqual(original);
});

test("a copy that is stopped copies no more, nor do changes; what it has stays as it was copied", async () => {
  const target = new FakeDisk(SIZE_BYTES);
  const { volume, copy, lost } = await open(
    new FakeDisk(original),
    target,
    new FakeDisk(intentBitmapBytes(TRACKS)),
    true,
  );
  await change(volume, { sector: 0, sectors: 1, zero: false });
  const { writes } = target;
  expect(writes).toBe(1);
  copy.stop();
  await change(volume, { sector: 4, sectors: 1, zero: false });
  expect(await copy.run()).toBe(false);
  expect([target.writes, lost, copy.locksTracks]).toEqual([writes, [], false]);
  expect(target.visible.subarray(0, TRACK_BYTES)).toEqual(original.subarray(0, TRACK_BYTES));
});

test("two tracks whose copies fail at the same time lose the copy once", async () => {
  const target = new FakeDisk(SIZE_BYTES);
  const meta = new FakeDisk(intentBitmapBytes(TRACKS));
  const { volume, lost } = await open(new FakeDisk(original), target, meta, true, drained);
  target.decide = () => drained().then(() => ({ fails: () => false }));
  await Promise.all([0, 4].map((sector) => change(volume, { sector, sectors: 1, zero: false })));
  expect(lost).toEqual(["EIO"]);
  expect((await volume.read(4 * SECTOR_BYTES, SECTOR_BYTES))[0]).toBe(7);
});

test("a change whose own flush fails when the copy is through, by another flush, loses nothing", async () => {
  const target = new FakeDisk(SIZE_BYTES);
  const meta = new FakeDisk(intentBitmapBytes(TRACKS));
  const { volume, copy, lost } = await open(new FakeDisk(original), target, meta, true);
  let fail = (): void => {};
  const failing = new Promise<"fails">((resolve) => {
    fail = () => resolve("fails");
  });
  let flushes = 0;
  // Track 0 is copied for a change, and with the rest: the change's flush is the one that takes long.
  target.decideFlush = () => (flushes++ === 0 ? failing : "done");
  const changing = change(volume, { sector: 0, sectors: 1, zero: false });
  await drained();
  expect([flushes, await copy.run()]).toEqual([1, true]);
  fail();
  await changing;
  expect(lost).toEqual([]);
  expect(target.durable).toEqual(original);
});
