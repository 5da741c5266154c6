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
import { CopyIn } from "./copy-in.ts";

const TRACK_BYTES = 4 * SECTOR_BYTES;
const TRACKS = 6;
/** The last track is partial. */
const SECTORS = TRACKS * 4 - 1;
const REPLACED = 1;
const RESTORED = 2;

function filled(value: number): Uint8Array {
  return new Uint8Array(SECTORS * SECTOR_BYTES).fill(value);
}

function contentOf(disk: FakeDisk): number[] {
  return Array.from({ length: SECTORS }, (_, sector) => disk.durable[sector * SECTOR_BYTES] as number);
}

async function open(disk: FakeDisk, meta: FakeDisk, tracks: readonly number[] | undefined) {
  const runtime = testRuntime();
  const volume = new Volume("pvol", disk, TRACK_BYTES, runtime);
  const place = { pairId: 1, offsetBytes: 0, trackCount: TRACKS };
  const set = trackCopyAt(meta, place, TRACK_BYTES);
  if (tracks === undefined) expect(await set.load()).toBe(true);
  else await set.begin(tracks);
  const source = { read: async (_: number, lengthBytes: number) => new Uint8Array(lengthBytes).fill(RESTORED) };
  const copy = new CopyIn({ volume, source, tracks: set, runtime, name: "test", from: "mirror", id: 1 });
  volume.addTap(copy);
  return { volume, copy, set };
}

const writes = fc.array(
  fc.record({ sector: fc.nat({ max: SECTORS - 1 }), sectors: fc.integer({ min: 1, max: 9 }), flush: fc.boolean() }),
  { maxLength: 8 },
);
const chosen = fc.uniqueArray(fc.nat({ max: TRACKS - 1 }));

function bytesOf(write: { sector: number; sectors: number }, value: number): Uint8Array {
  return new Uint8Array(Math.min(write.sectors, SECTORS - write.sector) * SECTOR_BYTES).fill(value);
}

test("hosts see what is brought or what they wrote since, whatever the order; the end is the same (CR-4, CR-7)", async () => {
  await checkAsyncLaw(
    fc.asyncProperty(writes, chosen, fc.nat({ max: 8 }), async (list, tracks, startAt) => {
      const disk = new FakeDisk(filled(REPLACED));
      const { volume, copy } = await open(disk, new FakeDisk(intentBitmapBytes(TRACKS)), tracks);
      const model: number[] = Array.from({ length: SECTORS }, (_, sector) =>
        tracks.includes(Math.floor(sector / 4)) ? RESTORED : REPLACED,
      );
      const altered = new Set<number>();
      let running: Promise<void> | undefined;
      for (const [index, write] of list.entries()) {
        if (index === startAt) running = copy.run();
        const data = bytesOf(write, 10 + index);
        const pending = volume.update({ kind: "write", offsetBytes: write.sector * SECTOR_BYTES, data, fua: false });
        const read = volume.read(0, SECTORS * SECTOR_BYTES);
        const before = [...model];
        await pending;
        for (let sector = write.sector; sector < write.sector + data.length / SECTOR_BYTES; sector++) {
          model[sector] = 10 + index;
          altered.add(Math.floor(sector / 4));
        }
        const seen = await read;
        for (let sector = 0; sector < SECTORS; sector++)
          expect([before[sector], model[sector]]).toContain(seen[sector * SECTOR_BYTES]);
      }
      await (running ?? copy.run());
      await volume.flush();
      expect(contentOf(disk)).toEqual(model);
      expect(new Set(copy.altered.indices())).toEqual(altered);
    }),
  );
});

test("after a loss of power at any write, with any part of it kept, it ends as if there had been none (CR-8)", async () => {
  await checkAsyncLaw(
    fc.asyncProperty(
      writes,
      chosen,
      fc.nat({ max: 40 }),
      fc.array(fc.boolean(), { minLength: 64, maxLength: 64 }),
      async (list, tracks, crashAt, keeps) => {
        const disk = new FakeDisk(filled(REPLACED));
        const meta = new FakeDisk(intentBitmapBytes(TRACKS));
        const first = await open(disk, meta, tracks);
        let count = 0;
        for (const each of [disk, meta])
          each.decide = () => (count++ === crashAt ? { crashes: (sector) => keeps[sector] === true } : "done");
        /** By sector: what it may hold, oldest first; shortened when something is promised. */
        const may: number[][] = Array.from({ length: SECTORS }, (_, sector) =>
          tracks.includes(Math.floor(sector / 4)) ? [RESTORED] : [REPLACED],
        );
        const host = async (): Promise<void> => {
          for (const [index, write] of list.entries()) {
            const data = bytesOf(write, 10 + index);
            const end = write.sector + data.length / SECTOR_BYTES;
            for (let sector = write.sector; sector < end; sector++) may[sector]?.push(10 + index);
            await first.volume.update({ kind: "write", offsetBytes: write.sector * SECTOR_BYTES, data, fua: false });
            if (!write.flush) continue;
            await first.volume.flush();
            for (const values of may) values.splice(0, values.length - 1);
          }
        };
        void host();
        void first.copy.run();
        for (let step = 0; step < 400; step++) await drained();
        const [diskAfter, metaAfter] = [disk.afterCrash(), meta.afterCrash()];
        const second = await open(diskAfter, metaAfter, undefined);
        await second.copy.run();
        await second.volume.flush();
        const found = contentOf(diskAfter);
        for (let sector = 0; sector < SECTORS; sector++) expect(may[sector]).toContain(found[sector]);
      },
    ),
  );
});
