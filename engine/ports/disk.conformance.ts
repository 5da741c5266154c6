import { type ConformanceTest, expectSame, expectThat } from "./conformance.ts";
import { type Disk, readInto, SECTOR_BYTES, writeInOrder } from "./disk.ts";

/** A disk of zeros, and what a case may do to it. */
export interface DiskUnderTest {
  readonly disk: Disk;
  /** Runs a case, and lets the disk's time pass until it ends. */
  run(story: () => Promise<void>): Promise<void>;
  /** Loses power, in any way the contract allows, and gives the disk as the next program finds it. */
  crash?(): Promise<Disk>;
  /** Called after the case, passed or failed. */
  close?(): Promise<void>;
}

export interface DiskConformanceOptions {
  readonly test: ConformanceTest;
  /** A fresh disk of `sizeBytes`, a whole number of sectors. */
  open(sizeBytes: number): DiskUnderTest | Promise<DiskUnderTest>;
  /** What this implementation cannot show, each with the reason. */
  readonly lacks?: {
    /** Power cannot be cut. */
    readonly crash?: string;
  };
}

/** Neither a power of two nor a whole number of tracks: the tail must work too. */
const SIZE_BYTES = 300 * 1024 + 3 * SECTOR_BYTES;

/** What every {@link Disk} does, whatever it stores its sectors in. */
export function diskConformance({ test, open, lacks }: DiskConformanceOptions): void {
  const story = (name: string, body: (disk: Disk, crash: () => Promise<Disk>) => Promise<void>): void => {
    test(`disk: ${name}`, async () => {
      const underTest = await open(SIZE_BYTES);
      const crash = underTest.crash?.bind(underTest) ?? noCrash;
      try {
        await underTest.run(() => body(underTest.disk, crash));
      } finally {
        await underTest.close?.();
      }
    });
  };

  story("tells its size", async (disk) => {
    expectThat(disk.sizeBytes === SIZE_BYTES, `size: expected ${SIZE_BYTES}, found ${disk.sizeBytes}`);
  });

  story("what was never written reads as zeros", async (disk) => {
    await expectBytes(disk, 0, new Uint8Array(SIZE_BYTES));
  });

  story("a read gives what was written, at the start, at the end, across any boundary, by parts", async (disk) => {
    const placed: [number, Uint8Array][] = [
      [0, pattern(1, SECTOR_BYTES)],
      [SIZE_BYTES - SECTOR_BYTES, pattern(2, SECTOR_BYTES)],
      [64 * 1024 - SECTOR_BYTES, pattern(3, 2 * SECTOR_BYTES)],
      [100 * SECTOR_BYTES - SECTOR_BYTES, pattern(4, 16 * SECTOR_BYTES)],
      [128 * 1024, pattern(5, 130 * 1024)],
    ];
    for (const [offsetBytes, data] of placed) await disk.write(offsetBytes, data);
    for (const [offsetBytes, data] of placed) await expectBytes(disk, offsetBytes, data);
    const [offsetBytes, data] = placed[3] as [number, Uint8Array];
    const middle = data.slice(5 * SECTOR_BYTES, 7 * SECTOR_BYTES);
    await expectBytes(disk, offsetBytes + 5 * SECTOR_BYTES, middle);
  });

  story("what is read goes where it is to go, by parts and at once, and changes nothing else", async (disk) => {
    const data = pattern(1, 96 * 1024);
    await disk.write(0, data);
    const into = new Uint8Array(data.length + 2 * SECTOR_BYTES).fill(0xee);
    const parts = [data.length / 3, data.length / 3, data.length / 3];
    let atBytes = 0;
    const reads = parts.map((lengthBytes) => {
      const from = atBytes;
      atBytes += lengthBytes;
      return readInto(disk, from, into.subarray(SECTOR_BYTES + from, SECTOR_BYTES + atBytes));
    });
    await Promise.all(reads);
    const around = new Uint8Array(SECTOR_BYTES).fill(0xee);
    expectSame([...into], [...around, ...data, ...around], "what was read, and what lies around it");
    await readInto(disk, SIZE_BYTES - into.length, into);
    expectThat(
      into.every((byte) => byte === 0),
      "what was never written reads as zeros into memory that was used",
    );
  });

  story("a write changes its own range only, and a later one replaces it", async (disk) => {
    await disk.write(0, pattern(1, 8 * SECTOR_BYTES));
    await disk.write(3 * SECTOR_BYTES, pattern(2, 2 * SECTOR_BYTES));
    const expected = pattern(1, 8 * SECTOR_BYTES);
    expected.set(pattern(2, 2 * SECTOR_BYTES), 3 * SECTOR_BYTES);
    await expectBytes(disk, 0, expected);
    await expectBytes(disk, 8 * SECTOR_BYTES, new Uint8Array(SECTOR_BYTES));
  });

  story("a row of writes, small and large, neighbours and not, is as each of them", async (disk) => {
    const placed: [number, Uint8Array][] = [
      [0, pattern(1, SECTOR_BYTES)],
      [SECTOR_BYTES, pattern(2, 8 * SECTOR_BYTES)],
      [100 * 1024, pattern(3, SECTOR_BYTES)],
      [128 * 1024, pattern(4, 40 * 1024)],
      [168 * 1024, pattern(5, 41 * 1024)],
      [209 * 1024, pattern(6, 33 * 1024)],
      [64 * 1024, pattern(7, 34 * 1024)],
      [SIZE_BYTES - SECTOR_BYTES, pattern(8, SECTOR_BYTES)],
    ];
    await writeInOrder(
      disk,
      placed.map(([offsetBytes, data]) => ({ offsetBytes, data })),
    );
    for (const [offsetBytes, data] of placed) await expectBytes(disk, offsetBytes, data);
    await expectBytes(disk, 101 * 1024, new Uint8Array(SECTOR_BYTES));
  });

  story("trimmed sectors read as zeros, their neighbours as before, and can be written again", async (disk) => {
    await disk.write(0, pattern(1, 200 * 1024));
    await disk.trim(SECTOR_BYTES, 128 * 1024);
    const expected = pattern(1, 200 * 1024);
    expected.fill(0, SECTOR_BYTES, SECTOR_BYTES + 128 * 1024);
    await expectBytes(disk, 0, expected);
    await disk.write(2 * SECTOR_BYTES, pattern(2, SECTOR_BYTES));
    await expectBytes(disk, 2 * SECTOR_BYTES, pattern(2, SECTOR_BYTES));
    await disk.trim(SIZE_BYTES - SECTOR_BYTES, SECTOR_BYTES);
  });

  story("the buffer that a read gave belongs to the caller, that of a settled write too", async (disk) => {
    const data = pattern(1, 4 * SECTOR_BYTES);
    await disk.write(0, data);
    data.fill(0xee);
    const first = await disk.read(0, 4 * SECTOR_BYTES);
    first.fill(0xdd);
    await expectBytes(disk, 0, pattern(1, 4 * SECTOR_BYTES));
    const unwritten = await disk.read(64 * 1024, SECTOR_BYTES);
    unwritten.fill(0xcc);
    await expectBytes(disk, 64 * 1024, new Uint8Array(SECTOR_BYTES));
  });

  story("a read gives plain bytes, of which a slice is a copy", async (disk) => {
    await disk.write(0, pattern(1, SECTOR_BYTES));
    const bytes = await disk.read(0, SECTOR_BYTES);
    bytes.slice().fill(0xee);
    expectSame([...bytes], [...pattern(1, SECTOR_BYTES)], "bytes of which a slice was changed");
  });

  story("a part of a longer buffer is written without the rest", async (disk) => {
    const whole = pattern(1, 6 * SECTOR_BYTES);
    await disk.write(0, whole.subarray(2 * SECTOR_BYTES, 3 * SECTOR_BYTES));
    await expectBytes(disk, 0, whole.slice(2 * SECTOR_BYTES, 3 * SECTOR_BYTES));
    await expectBytes(disk, SECTOR_BYTES, new Uint8Array(SECTOR_BYTES));
  });

  story("requests in flight at once on ranges apart do not disturb each other", async (disk) => {
    const count = 40;
    const at = (index: number): number => ((index * 7) % count) * 5 * SECTOR_BYTES;
    const indices = Array.from({ length: count }, (_, index) => index);
    await Promise.all(
      indices.map((index) => disk.write(at(index), pattern(index, 4 * SECTOR_BYTES), { fua: index % 3 === 0 })),
    );
    await Promise.all([
      disk.flush(),
      ...indices.map((index) => expectBytes(disk, at(index), pattern(index, 4 * SECTOR_BYTES))),
    ]);
    for (const index of indices) {
      await expectBytes(disk, at(index) + 4 * SECTOR_BYTES, new Uint8Array(SECTOR_BYTES));
    }
  });

  story("of two writes at once on one range, each sector comes whole from one of them", async (disk) => {
    const pair = [pattern(1, 8 * SECTOR_BYTES), pattern(2, 8 * SECTOR_BYTES)] as const;
    await Promise.all([disk.write(0, pair[0]), disk.write(0, pair[1])]);
    expectSectors(await disk.read(0, 8 * SECTOR_BYTES), pair, 0);
  });

  story("a range that is not whole sectors, or leaves the device, is refused and changes nothing", async (disk) => {
    await disk.write(SIZE_BYTES - SECTOR_BYTES, pattern(1, SECTOR_BYTES));
    const ranges: readonly (readonly [number, number])[] = [
      [1, SECTOR_BYTES],
      [0, SECTOR_BYTES - 1],
      [SECTOR_BYTES / 2, SECTOR_BYTES / 2],
      [-SECTOR_BYTES, SECTOR_BYTES],
      [SIZE_BYTES, SECTOR_BYTES],
      [SIZE_BYTES - SECTOR_BYTES, 2 * SECTOR_BYTES],
      [Number.NaN, SECTOR_BYTES],
    ];
    for (const [offsetBytes, lengthBytes] of ranges) {
      const place = `byte ${offsetBytes}, ${lengthBytes} bytes`;
      await expectRefused(`read of ${place}`, () => disk.read(offsetBytes, lengthBytes));
      await expectRefused(`write of ${place}`, () => disk.write(offsetBytes, pattern(2, lengthBytes)));
      await expectRefused(`trim of ${place}`, () => disk.trim(offsetBytes, lengthBytes));
    }
    await expectBytes(disk, SIZE_BYTES - SECTOR_BYTES, pattern(1, SECTOR_BYTES));
    await expectBytes(disk, 0, new Uint8Array(SECTOR_BYTES));
  });

  if (lacks?.crash !== undefined) return;

  story("what completed before a flush was called survives a power loss, a trim too", async (disk, crash) => {
    await disk.write(0, pattern(1, 80 * 1024));
    await disk.flush();
    await disk.trim(SECTOR_BYTES, SECTOR_BYTES);
    await disk.write(4 * SECTOR_BYTES, pattern(2, SECTOR_BYTES));
    await disk.flush();
    const expected = pattern(1, 80 * 1024);
    expected.fill(0, SECTOR_BYTES, 2 * SECTOR_BYTES);
    expected.set(pattern(2, SECTOR_BYTES), 4 * SECTOR_BYTES);
    await expectBytes(await crash(), 0, expected);
  });

  story("a write with FUA survives a power loss without a flush", async (disk, crash) => {
    await disk.write(0, pattern(1, 8 * SECTOR_BYTES));
    await disk.write(2 * SECTOR_BYTES, pattern(2, 3 * SECTOR_BYTES), { fua: true });
    await expectBytes(await crash(), 2 * SECTOR_BYTES, pattern(2, 3 * SECTOR_BYTES));
  });

  story(
    "after a power loss an unflushed sector holds one of its versions since the flush, whole",
    async (disk, crash) => {
      const versions = [1, 2, 3].map((seed) => pattern(seed, 16 * SECTOR_BYTES));
      await disk.write(0, versions[0] as Uint8Array);
      await disk.flush();
      await disk.write(0, versions[1] as Uint8Array);
      await disk.write(0, versions[2] as Uint8Array);
      const after = await crash();
      const found = await after.read(0, 16 * SECTOR_BYTES);
      expectSectors(found, versions, 0);
      await expectBytes(after, 16 * SECTOR_BYTES, new Uint8Array(SECTOR_BYTES));
      // What a power loss left is durable: a second one changes nothing.
      await expectBytes(await crash(), 0, found);
    },
  );

  story("a write in flight at a power loss reached each sector wholly or not at all", async (disk, crash) => {
    const versions = [pattern(1, 16 * SECTOR_BYTES), pattern(2, 16 * SECTOR_BYTES)];
    await disk.write(0, versions[0] as Uint8Array, { fua: true });
    // Its end is never seen by a program that died with it.
    disk.write(0, versions[1] as Uint8Array).catch(() => {});
    const after = await crash();
    expectSectors(await after.read(0, 16 * SECTOR_BYTES), versions, 0);
  });

  story("a disk that lost power works as before", async (disk, crash) => {
    await disk.write(0, pattern(1, SECTOR_BYTES));
    const after = await crash();
    await after.write(0, pattern(2, SECTOR_BYTES));
    await after.flush();
    await expectBytes(await crash(), 0, pattern(2, SECTOR_BYTES));
  });
}

async function noCrash(): Promise<Disk> {
  throw new Error("this disk has no crash: declare it in lacks, or give it one");
}

/** Bytes of which no sector is zero, nor equal to another of this or a nearby seed. */
function pattern(seed: number, lengthBytes: number): Uint8Array {
  return Uint8Array.from({ length: lengthBytes }, (_, index) => {
    const sector = Math.floor(index / SECTOR_BYTES);
    return index % SECTOR_BYTES < 4
      ? ((sector >> ((index % 4) * 8)) & 0xff) ^ 0x5a
      : (seed * 31 + index * 7 + 1) & 0xff;
  });
}

async function expectBytes(disk: Disk, offsetBytes: number, expected: Uint8Array): Promise<void> {
  const found = await disk.read(offsetBytes, expected.length);
  expectThat(found.length === expected.length, `read ${found.length} bytes, expected ${expected.length}`);
  const at = found.findIndex((byte, index) => byte !== expected[index]);
  if (at === -1) return;
  throw new Error(`byte ${offsetBytes + at}: expected ${expected[at]}, found ${found[at]}`);
}

/** Every sector equals the same sector of one of `versions`. */
function expectSectors(found: Uint8Array, versions: readonly Uint8Array[], offsetBytes: number): void {
  for (let start = 0; start < found.length; start += SECTOR_BYTES) {
    const equal = versions.some((version) => {
      for (let index = start; index < start + SECTOR_BYTES; index++) if (version[index] !== found[index]) return false;
      return true;
    });
    expectThat(equal, `sector at byte ${offsetBytes + start} holds none of its ${versions.length} versions`);
  }
}

async function expectRefused(what: string, request: () => Promise<unknown>): Promise<void> {
  let refused = false;
  try {
    await request();
  } catch {
    refused = true;
  }
  expectThat(refused, `${what} was not refused`);
}
