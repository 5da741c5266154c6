import { expect, test } from "vitest";
import { type Disk, SECTOR_BYTES } from "../ports/index.ts";
import { testRuntime } from "../testing/test-runtime.node.ts";
import { Volume } from "../volume/volume.ts";
import { logBytesMin } from "./log-layout.ts";
import { openJournal, startJournal } from "./start-journal.ts";
import { recover } from "./recovery.ts";
import { JournalClock } from "./journal-clock.ts";

const TRACK_BYTES = 8192;
const MIB = 1024 * 1024;

/** A disk of any size that keeps what was written and counts what it is asked. */
class CountingDisk implements Disk {
  readonly sizeBytes: number;
  requests = 0;
  readonly #sectors = new Map<number, Uint8Array>();

  constructor(sizeBytes: number) {
    this.sizeBytes = sizeBytes;
  }

  async read(offsetBytes: number, lengthBytes: number): Promise<Uint8Array> {
    this.requests++;
    const result = new Uint8Array(lengthBytes);
    for (let at = 0; at < lengthBytes; at += SECTOR_BYTES)
      result.set(this.#sectors.get(offsetBytes + at) ?? new Uint8Array(SECTOR_BYTES), at);
    return result;
  }

  async write(offsetBytes: number, data: Uint8Array): Promise<void> {
    this.requests++;
    for (let at = 0; at < data.length; at += SECTOR_BYTES)
      this.#sectors.set(offsetBytes + at, data.slice(at, at + SECTOR_BYTES));
  }

  async flush(): Promise<void> {
    this.requests++;
  }

  async trim(offsetBytes: number, lengthBytes: number): Promise<void> {
    this.requests++;
    for (let at = 0; at < lengthBytes; at += SECTOR_BYTES) this.#sectors.delete(offsetBytes + at);
  }
}

/** Requests to all disks from the command of a swap to its answer. */
async function requestsOfSwap(sizeBytes: number): Promise<number> {
  const runtime = testRuntime();
  const volume = new Volume("v", new CountingDisk(sizeBytes), TRACK_BYTES, runtime);
  const base = new Volume("base", new CountingDisk(sizeBytes), TRACK_BYTES, runtime);
  const log = new Volume("log", new CountingDisk(logBytesMin(volume) + MIB), TRACK_BYTES, runtime);
  const disks = [volume, base, log].map(({ disk }) => disk as CountingDisk);
  const journal = await openJournal({ volume, log, base, clock: new JournalClock(runtime.clock), runtime });
  // Both disks are zeros: that is an image.
  journal.management.state.base = "whole";
  await startJournal(journal);
  for (let write = 1; write <= 20; write++) {
    const data = new Uint8Array(TRACK_BYTES).fill(write);
    await volume.update({ kind: "write", offsetBytes: (write % 7) * 3 * TRACK_BYTES, data, fua: false });
  }
  const before = disks.reduce((sum, { requests }) => sum + requests, 0);
  // What is done in the background afterwards does not count.
  let counted = 0;
  journal.onStale = () => {
    counted = disks.reduce((sum, { requests }) => sum + requests, 0) - before;
  };
  await recover(journal, 12, "swap");
  expect(volume.disk).toBe(disks[1]);
  expect((await volume.read(5 * 3 * TRACK_BYTES, 512))[0]).toBe(12);
  expect((await volume.read(6 * 3 * TRACK_BYTES, 512))[0]).toBe(6);
  return counted;
}

test("a swap takes as many requests for 10 GiB as for 1 MiB (JR-6)", async () => {
  const small = await requestsOfSwap(MIB);
  expect(small).toBeGreaterThan(0);
  expect(await requestsOfSwap(10 * 1024 * MIB)).toBe(small);
});
