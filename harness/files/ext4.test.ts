import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { judgeByE2fsck } from "../oracle/e2fsck.ts";
import type { Judgement } from "../oracle/judgement.ts";
import { RunGuards } from "../world/sim/guards.ts";
import { ext4 } from "./ext4.node.ts";
import { fileContent } from "./file-content.ts";
import type { BlockDevice, ByteRun, FileSystem } from "./file-system.ts";

const SIZE_BYTES = 4 * 1024 * 1024;
const NOW_MS = 1_000_000_100_000;

class MemoryDevice implements BlockDevice {
  readonly sizeBytes = SIZE_BYTES;
  readonly bytes = new Uint8Array(SIZE_BYTES);
  writtenBytes = 0;

  read(offsetBytes: number, lengthBytes: number): Promise<Uint8Array> {
    return Promise.resolve(this.bytes.subarray(offsetBytes, offsetBytes + lengthBytes));
  }

  write(runs: readonly ByteRun[]): Promise<void> {
    for (const { offsetBytes, data } of runs) {
      this.bytes.set(data, offsetBytes);
      this.writtenBytes += data.length;
    }
    return Promise.resolve();
  }
}

async function formatted(): Promise<MemoryDevice> {
  const device = new MemoryDevice();
  await device.write(ext4.blank());
  device.writtenBytes = 0;
  return device;
}

function mount(device: BlockDevice, access: "read-only" | "read-write" = "read-write"): Promise<FileSystem> {
  return ext4.mount(device, { access, nowMs: () => NOW_MS });
}

const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

/** What `e2fsck -fn` says: accepted only if there is nothing to mend. */
async function cleanliness(bytes: Uint8Array): Promise<Judgement> {
  const folder = await mkdtemp(join(tmpdir(), "resilver-ext4-"));
  try {
    const path = join(folder, "image");
    writeFileSync(path, bytes);
    return await judgeByE2fsck(path, { mode: "clean" });
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function expectClean(bytes: Uint8Array): Promise<void> {
  expect(await cleanliness(bytes)).toMatchObject({ outcome: "accepted" });
}

describe("an ext4 file system in a simulated volume", () => {
  test("the blank image is the one that mkfs made", async () => {
    const { bytes } = await formatted();
    expect(sha256(bytes)).toBe("557f5dde5df2f68cb8fedd4efd8dbadfc60f5c4de9bff64d69261035c41b869b");
    await expectClean(bytes);
    // A free block that the bitmap calls used: what a mount would not mind is not clean.
    const bitmapAt = 3 * 1024;
    bytes[bitmapAt + 400] = (bytes[bitmapAt + 400] ?? 0) ^ 1;
    expect(await cleanliness(bytes)).toMatchObject({ outcome: "refused" });
  });

  test("holds what a model of paths and bytes holds, whatever is written, replaced and removed", async () => {
    const path = fc.constantFrom("/a", "/b.txt", "/d/a", "/d/e/f.bin", "/g/h");
    const act = fc.oneof(
      {
        weight: 4,
        arbitrary: fc.record({ path, sizeBytes: fc.integer({ min: 0, max: 60_000 }), content: fc.string() }),
      },
      { weight: 1, arbitrary: fc.record({ path }) },
      { weight: 1, arbitrary: fc.constant("remount" as const) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(act, { maxLength: 25 }), async (acts) => {
        const device = await formatted();
        const model = new Map<string, Uint8Array>();
        let files = await mount(device);
        for (const step of acts) {
          if (step === "remount") {
            await files.close();
            files = await mount(device);
          } else if ("content" in step) {
            const data = fileContent(step.path, step.content, step.sizeBytes);
            await files.write(step.path, data);
            model.set(step.path, data);
          } else if (model.delete(step.path)) await files.remove(step.path);
          else await expect(files.remove(step.path)).rejects.toThrow(step.path);
        }
        await files.close();
        const reading = await mount(device, "read-only");
        expect(await reading.list()).toEqual([...model.keys()].sort());
        for (const [name, data] of model) expect(sha256(await reading.read(name))).toBe(sha256(data));
        await reading.close();
        await expectClean(device.bytes);
      }),
      { seed: 20_261_121, numRuns: 15 },
    );
  });

  test("the same calls give the same bytes, and never ask the host for time or chance", async () => {
    const guards = new RunGuards();
    guards.enter();
    try {
      const make = async (): Promise<MemoryDevice> => {
        const device = await formatted();
        const files = await mount(device);
        await files.write("/d/a", fileContent("/d/a", "one", 50_000));
        await files.write("/b", fileContent("/b", "one", 700));
        await files.write("/d/a", fileContent("/d/a", "two", 9_000));
        await files.remove("/b");
        await files.close();
        return device;
      };
      const first = await make();
      const second = await make();
      expect(Buffer.compare(first.bytes, second.bytes)).toBe(0);
    } finally {
      guards.release();
    }
    expect(guards.violations).toEqual([]);
  });

  test("its times are those of the clock that it is given", async () => {
    const at = async (nowMs: number): Promise<MemoryDevice> => {
      const device = await formatted();
      const files = await ext4.mount(device, { access: "read-write", nowMs: () => nowMs });
      await files.write("/a", fileContent("/a", "one", 100));
      await files.close();
      return device;
    };
    const early = await at(NOW_MS);
    const late = await at(NOW_MS + 5000);
    expect(Buffer.compare(early.bytes, late.bytes)).not.toBe(0);
  });

  test("reading changes nothing; a replaced file leaves the bytes of the others where they are", async () => {
    const device = await formatted();
    const files = await mount(device);
    await files.write("/stays", fileContent("/stays", "one", 100_000));
    await files.write("/changes", fileContent("/changes", "one", 10_000));
    await files.close();
    const before = device.bytes.slice();
    const reading = await mount(device, "read-only");
    await reading.read("/stays");
    await reading.close();
    expect(Buffer.compare(device.bytes, before)).toBe(0);
    device.writtenBytes = 0;
    const again = await mount(device);
    await again.write("/changes", fileContent("/changes", "two", 10_000));
    await again.close();
    expect(device.writtenBytes).toBeLessThan(10_000 + 16 * 1024);
  });

  test("a volume without a file system is refused", async () => {
    await expect(mount(new MemoryDevice())).rejects.toThrow("/: ");
  });

  test("a device that fails is what the error tells of", async () => {
    const device = await formatted();
    const broken: BlockDevice = {
      sizeBytes: SIZE_BYTES,
      read: (offsetBytes, lengthBytes) =>
        offsetBytes > 0 ? Promise.reject(new Error("no answer")) : device.read(offsetBytes, lengthBytes),
      write: () => Promise.resolve(),
    };
    await expect(mount(broken)).rejects.toThrow("no answer");
  });

  test("a full file system refuses, and stays sound", async () => {
    const device = await formatted();
    const files = await mount(device);
    await files.write("/a", fileContent("/a", "one", 1_000_000));
    await expect(files.write("/b", fileContent("/b", "one", 4_000_000))).rejects.toThrow("/b");
    await files.close();
    await expectClean(device.bytes);
  });
});
