import { expect, test } from "vitest";
import { intentBitmapBytes } from "../mirror/intent-bitmap.ts";
import { logBytesMin } from "../journal/log-layout.ts";
import { openJournal, startJournal } from "../journal/start-journal.ts";
import { type Disk, NS_PER_MS, SECTOR_BYTES, sleep } from "../ports/index.ts";
import type { Runtime } from "../runtime.ts";
import { drained } from "../testing/drained.node.ts";
import type { FakeClock } from "../testing/fake-clock.node.ts";
import { FakeDisk } from "../testing/fake-disk.ts";
import { testRuntime } from "../testing/test-runtime.node.ts";
import { Volume } from "../volume/volume.ts";
import { openAreaImage } from "./area-image.ts";
import { imageConformance } from "./image.conformance.ts";
import { openLsnImage } from "./lsn-image.ts";
import { JournalClock } from "../journal/journal-clock.ts";

imageConformance({
  test,
  method: "old-data",
  runtime: testRuntime,
  drained,
  sizesBytes: ({ sizeBytes, trackBytes }, tracks) => [
    2 * SECTOR_BYTES +
      intentBitmapBytes(Math.ceil(sizeBytes / trackBytes)) +
      (2 + Math.floor(tracks / 40)) * SECTOR_BYTES +
      tracks * trackBytes,
  ],
  open: (volume, disks, runtime) => openAreaImage("old-data", volume, areaOf(disks, runtime), runtime),
});

imageConformance({
  test,
  method: "reserved-area",
  runtime: testRuntime,
  drained,
  sizesBytes: ({ sizeBytes, trackBytes }) => [
    2 * SECTOR_BYTES + 5 * intentBitmapBytes(Math.ceil(sizeBytes / trackBytes)) + sizeBytes,
  ],
  open: (volume, disks, runtime) => openAreaImage("reserved-area", volume, areaOf(disks, runtime), runtime),
  lacks: { overflow: "the area has room for the whole volume" },
});

const LOG_SPARE_BYTES = 512 * 1024;

imageConformance({
  test,
  method: "lsn",
  runtime: testRuntime,
  drained,
  run: async (work, { clock }) => {
    let settled = false;
    const settle = (): void => {
      settled = true;
    };
    void work.then(settle, settle);
    for (let round = 0; round < 1000 && !settled; round++) await (clock as FakeClock).pass(NS_PER_MS);
    return work;
  },
  sizesBytes: ({ sizeBytes, trackBytes }) => {
    const volume = new Volume("vol", new FakeDisk(sizeBytes), trackBytes, testRuntime());
    return [logBytesMin(volume) + LOG_SPARE_BYTES, sizeBytes];
  },
  open: async (volume, [logDisk, baseDisk], runtime) => {
    const log = new Volume("log", logDisk as FakeDisk, volume.trackBytes, runtime);
    const base = new Volume("base", baseDisk as FakeDisk, volume.trackBytes, runtime);
    const journal = await openJournal({ volume, log, base, clock: new JournalClock(runtime.clock), runtime });
    return {
      ...openLsnImage(journal, runtime),
      start: async () => {
        await startJournal(journal);
        while (!journal.moments.isRecoverable) await sleep(runtime.clock, NS_PER_MS);
      },
    };
  },
  lacks: { overflow: "its room is that of the journal, whose entries are not tracks" },
});

function areaOf([disk]: readonly FakeDisk[], runtime: Runtime): Volume {
  return new Volume("area", disk as FakeDisk, 512, runtime);
}

/** A disk of any size that counts what is asked of it. */
class CountingDisk implements Disk {
  readonly sizeBytes: number;
  readonly asked: string[] = [];
  readonly #sectors = new Map<number, Uint8Array>();

  constructor(sizeBytes: number) {
    this.sizeBytes = sizeBytes;
  }

  async read(offsetBytes: number, lengthBytes: number): Promise<Uint8Array> {
    this.asked.push("read");
    const result = new Uint8Array(lengthBytes);
    for (let at = 0; at < lengthBytes; at += SECTOR_BYTES)
      result.set(this.#sectors.get(offsetBytes + at) ?? new Uint8Array(SECTOR_BYTES), at);
    return result;
  }

  async write(offsetBytes: number, data: Uint8Array): Promise<void> {
    this.asked.push("write");
    for (let at = 0; at < data.length; at += SECTOR_BYTES)
      this.#sectors.set(offsetBytes + at, data.slice(at, at + SECTOR_BYTES));
  }

  async flush(): Promise<void> {
    this.asked.push("flush");
  }

  async trim(): Promise<void> {
    this.asked.push("trim");
  }
}

const MIB = 1024 * 1024;

test.each(["old-data", "reserved-area"] as const)(
  "%s: an image is fixed with one write and one flush at once, whatever the size of the volume (SR-4)",
  async (method) => {
    for (const sizeBytes of [MIB, 10 * 1024 * MIB]) {
      const heard = testRuntime();
      let asked: readonly string[] = [];
      // What the background copy asks for comes after this step.
      const step = (name: string): void => {
        if (name === "image.moment") asked = [...disk.asked, ...areaDisk.asked];
      };
      const runtime = { ...heard, log: { step } };
      const disk = new CountingDisk(sizeBytes);
      const areaDisk = new CountingDisk(sizeBytes + 4 * MIB);
      const volume = new Volume("vol", disk, 8192, runtime);
      const { image } = openAreaImage(method, volume, new Volume("area", areaDisk, 8192, runtime), runtime);
      await image.load(0);
      while (areaDisk.asked.length > 0) {
        areaDisk.asked.length = 0;
        await drained();
      }
      expect(await image.fix(0)).toBe(true);
      expect(asked).toEqual(["flush", "write"]);
      await image.release(image.moment);
    }
  },
);
