import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, test, vi } from "vitest";
import { diskConformance } from "../../ports/disk.conformance.ts";
import { DiskError, SECTOR_BYTES } from "../../ports/index.ts";
import { checkAsyncLaw } from "../../testing/check-law.ts";
import { SetupError } from "../setup-error.ts";
import { type ClosableDisk, openFileDisk } from "./file-disk.ts";
import type { ThreadShare } from "./thread-shares.ts";

const folder = mkdtempSync(join(tmpdir(), "resilver-disk-"));
afterAll(() => rmSync(folder, { recursive: true }));
let files = 0;
const freshPath = (): string => join(folder, `disk-${files++}`);

// Without a share of the thread pool, the disk's own thread does everything.
describe.each([4, 0])("with %i threads of the pool", (threads) => {
  const share = (): ThreadShare | undefined => (threads === 0 ? undefined : { threads, release: () => {} });

  diskConformance({
    test,
    open: async (sizeBytes) => {
      const disk = await openFileDisk({ path: freshPath(), sizeBytes, create: true }, share);
      return { disk, run: (story) => story(), close: () => disk.close() };
    },
    lacks: { crash: "a test cannot take the power from this machine" },
  });

  test("a new file takes no room for zeros, and an old one is what it is", async () => {
    const sizeBytes = 4 * 1024 * 1024;
    const path = freshPath();
    const disk = await openFileDisk({ path, sizeBytes, create: true }, share);
    await disk.trim(0, sizeBytes / 2);
    expect((await disk.read(0, sizeBytes)).every((byte) => byte === 0)).toBe(true);
    await disk.flush();
    expect(statSync(path).blocks).toBe(0);
    await disk.write(SECTOR_BYTES, new Uint8Array(SECTOR_BYTES).fill(7));
    await disk.trim(0, SECTOR_BYTES);
    expect((await disk.read(0, 3 * SECTOR_BYTES)).indexOf(7)).toBe(SECTOR_BYTES);
    await disk.close();
    const again = await openFileDisk({ path, sizeBytes, create: true }, share);
    expect((await again.read(0, sizeBytes)).indexOf(7)).toBe(SECTOR_BYTES);
    await again.trim(0, sizeBytes);
    expect((await again.read(0, sizeBytes)).every((byte) => byte === 0)).toBe(true);
    await again.close();
  });

  test("many requests of all sizes at once give what a disk in memory gives", async () => {
    const sizeBytes = 4 * 1024 * 1024;
    const disk = await openFileDisk({ path: freshPath(), sizeBytes, create: true }, share);
    const expected = new Uint8Array(sizeBytes);
    await checkAsyncLaw(
      fc.asyncProperty(fc.array(request(sizeBytes), { maxLength: 200 }), async (requests) => {
        const asked: Promise<unknown>[] = [];
        // Requests of one step do not overlap: the disk promises no order of those that do.
        let busy: [number, number][] = [];
        for (const { offsetBytes, lengthBytes, kind, byte } of requests) {
          const endBytes = offsetBytes + lengthBytes;
          if (busy.some(([start, end]) => start < endBytes && offsetBytes < end)) {
            await Promise.all(asked.splice(0));
            busy = [];
          }
          busy.push([offsetBytes, endBytes]);
          if (kind === "read") {
            const content = expected.slice(offsetBytes, endBytes);
            asked.push(
              disk.read(offsetBytes, lengthBytes).then((found) => expect(content).toEqual(Uint8Array.from(found))),
            );
          } else if (kind === "trim") {
            expected.fill(0, offsetBytes, endBytes);
            asked.push(disk.trim(offsetBytes, lengthBytes));
          } else {
            const data = new Uint8Array(lengthBytes).map((_, index) => byte + (index >> 8));
            expected.set(data, offsetBytes);
            asked.push(disk.write(offsetBytes, data, { fua: kind === "fua" }));
          }
        }
        await Promise.all(asked);
        expect(Buffer.compare(await disk.read(0, sizeBytes), expected)).toBe(0);
      }),
      20,
    );
    await disk.close();
  });
});

/** Most are small and follow each other, as a host's do. */
function request(sizeBytes: number) {
  const sectors = sizeBytes / SECTOR_BYTES;
  return fc
    .record({
      at: fc.oneof(fc.nat(32), fc.nat(sectors - 1)),
      count: fc.oneof(fc.integer({ min: 1, max: 8 }), fc.integer({ min: 1, max: 1500 })),
      kind: fc.constantFrom("write", "write", "write", "read", "trim", "fua"),
      byte: fc.nat(255),
    })
    .map(({ at, count, ...rest }) => ({
      offsetBytes: at * SECTOR_BYTES,
      lengthBytes: Math.min(count, sectors - at) * SECTOR_BYTES,
      ...rest,
    }));
}

const SIZE_BYTES = 64 * 1024;

async function refusal(opening: Promise<ClosableDisk>): Promise<SetupError> {
  const error: unknown = await opening.then(
    (disk) => disk.close(),
    (error: unknown) => error,
  );
  if (error instanceof SetupError) return error;
  throw new Error(`expected a SetupError, found ${String(error)}`);
}

test("content stays from one opening to the next, and is the file's", async () => {
  const path = freshPath();
  const first = await openFileDisk({ path, sizeBytes: SIZE_BYTES, create: true });
  await first.write(512, new Uint8Array(512).fill(7), { fua: true });
  await first.close();
  const second = await openFileDisk({ path, sizeBytes: SIZE_BYTES, create: true });
  expect(await second.read(512, 512)).toEqual(new Uint8Array(512).fill(7));
  await second.close();
  const file = readFileSync(path);
  expect([file.length, file[511], file[512], file[1023], file[1024]]).toEqual([SIZE_BYTES, 0, 7, 7, 0]);
});

test("a made file takes no room and only its owner may read it", async () => {
  const path = freshPath();
  const disk = await openFileDisk({ path, sizeBytes: 1024 * SIZE_BYTES, create: true });
  const { blocks, mode } = statSync(path);
  expect(blocks).toBe(0);
  expect(mode & 0o777).toBe(0o600);
  await disk.close();
});

test("a missing file, a folder and a wrong size are refused", async () => {
  const path = freshPath();
  expect((await refusal(openFileDisk({ path, sizeBytes: SIZE_BYTES }))).code).toBe("DISK_MISSING");
  mkdirSync(path);
  expect((await refusal(openFileDisk({ path, sizeBytes: SIZE_BYTES }))).code).toBe("DISK_UNUSABLE");
  const other = freshPath();
  writeFileSync(other, new Uint8Array(512));
  const error = await refusal(openFileDisk({ path: other, sizeBytes: SIZE_BYTES, create: true }));
  expect(error).toMatchObject({ code: "DISK_SIZE", found: "512 bytes", expected: `${SIZE_BYTES} bytes` });
  expect(statSync(other).size).toBe(512);
  expect((await refusal(openFileDisk({ path: "/dev/null", sizeBytes: 512 }))).code).toBe("DISK_UNUSABLE");
});

test("an empty file is one that was being made when power was lost", async () => {
  const path = freshPath();
  writeFileSync(path, "");
  expect((await refusal(openFileDisk({ path, sizeBytes: SIZE_BYTES }))).code).toBe("DISK_SIZE");
  const disk = await openFileDisk({ path, sizeBytes: SIZE_BYTES, create: true });
  expect(statSync(path).size).toBe(SIZE_BYTES);
  await disk.close();
});

test("a second opening is refused until the first is closed, and harms nothing", async () => {
  const path = freshPath();
  const disk = await openFileDisk({ path, sizeBytes: SIZE_BYTES, create: true });
  for (let attempt = 0; attempt < 2; attempt++) {
    const error = await refusal(openFileDisk({ path, sizeBytes: SIZE_BYTES }));
    expect(error).toMatchObject({ code: "DISK_IN_USE", place: path });
  }
  await disk.close();
  await (await openFileDisk({ path, sizeBytes: SIZE_BYTES })).close();
});

test("a killed process leaves no lock", async () => {
  const path = freshPath();
  const moduleUrl = new URL("./file-disk.ts", import.meta.url).href;
  const program = `const { openFileDisk } = await import(${JSON.stringify(moduleUrl)});
    await openFileDisk({ path: ${JSON.stringify(path)}, sizeBytes: ${SIZE_BYTES}, create: true });
    console.log("open"); setInterval(() => {}, 1000);`;
  const holder = spawn(process.execPath, ["--input-type=module", "-e", program], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(holder.stdout, "data");
  expect((await refusal(openFileDisk({ path, sizeBytes: SIZE_BYTES }))).code).toBe("DISK_IN_USE");
  holder.kill("SIGKILL");
  await once(holder, "exit");
  await (await openFileDisk({ path, sizeBytes: SIZE_BYTES })).close();
});

test("a file that was cut short under the disk is an error, never zeros", async () => {
  const path = freshPath();
  const disk = await openFileDisk({ path, sizeBytes: SIZE_BYTES, create: true });
  await disk.write(0, new Uint8Array(SIZE_BYTES).fill(7));
  truncateSync(path, SIZE_BYTES / 2 + 100);
  const error: unknown = await disk.read(SIZE_BYTES / 2, 1024).catch((error: unknown) => error);
  expect(error).toBeInstanceOf(DiskError);
  expect(error).toMatchObject({ code: "EIO", offsetBytes: SIZE_BYTES / 2, lengthBytes: 1024 });
  await disk.close();
});

test("a large trim gives its room back, reads as zeros, and leaves its neighbours alone", async () => {
  const path = freshPath();
  const sizeBytes = 12 * 1024 * 1024;
  const disk = await openFileDisk({ path, sizeBytes, create: true });
  const content = new Uint8Array(sizeBytes).fill(7);
  await disk.write(0, content);
  await disk.flush();
  const before = statSync(path).blocks;
  // Two at once, neither at the boundary of a page.
  await Promise.all([disk.trim(512, 5 * 1024 * 1024), disk.trim(6 * 1024 * 1024 + 1024, 5 * 1024 * 1024)]);
  content.fill(0, 512, 512 + 5 * 1024 * 1024);
  content.fill(0, 6 * 1024 * 1024 + 1024, 11 * 1024 * 1024 + 1024);
  expect(Buffer.compare(await disk.read(0, sizeBytes), content)).toBe(0);
  await disk.flush();
  expect(statSync(path).blocks).toBeLessThan(before / 2);
  await disk.close();
});

test("where there is no way to punch holes, a large trim writes zeros", async () => {
  const path = freshPath();
  const sizeBytes = 8 * 1024 * 1024;
  const disk = await openFileDisk({ path, sizeBytes, create: true });
  await disk.write(0, new Uint8Array(sizeBytes).fill(7));
  vi.stubEnv("PATH", "");
  await disk.trim(512, sizeBytes - 1024);
  vi.unstubAllEnvs();
  await disk.trim(512, sizeBytes - 1024);
  const expected = new Uint8Array(sizeBytes);
  expected.fill(7, 0, 512);
  expected.fill(7, sizeBytes - 512);
  expect(Buffer.compare(await disk.read(0, sizeBytes), expected)).toBe(0);
  await disk.close();
});

test("close waits for what is in flight, and may be called again; requests after it are a bug", async () => {
  const path = freshPath();
  const disk = await openFileDisk({ path, sizeBytes: SIZE_BYTES, create: true });
  const writing = disk.write(0, new Uint8Array(SIZE_BYTES).fill(1), { fua: true });
  let written = false;
  void writing.then(() => {
    written = true;
  });
  await Promise.all([disk.close(), disk.close()]);
  expect(written).toBe(true);
  await disk.close();
  await expect(disk.read(0, 512)).rejects.toThrow("closed");
});
