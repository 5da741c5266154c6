import { expect, test } from "vitest";
import { diskConformance } from "../../ports/disk.conformance.ts";
import { DiskError } from "../../ports/index.ts";
import { MemoryExport } from "./memory-export.ts";
import { NbdDisk } from "./nbd-disk.ts";
import { NbdRig } from "./nbd-rig.ts";

diskConformance({
  test,
  open: async (sizeBytes) => {
    const rig = await NbdRig.start([new MemoryExport({ sizeBytes })]);
    const disk = await NbdDisk.open(rig.address);
    return {
      disk,
      run: (story) => story(),
      close: async () => {
        await disk.close();
        await rig.close();
      },
    };
  },
  lacks: { crash: "what a power loss leaves is up to the server's own disk" },
});

test("of a lost connection every request fails as of a failed disk, and so does every later one", async () => {
  const target = new MemoryExport({ sizeBytes: 1024 * 1024 });
  const rig = await NbdRig.start([target]);
  const disk = await NbdDisk.open(rig.address);
  target.gate = new Promise(() => {});
  const running = [disk.read(0, 512), disk.write(0, new Uint8Array(512)), disk.flush(), disk.trim(0, 512)];
  const outcomes = Promise.allSettled(running);
  await rig.close();
  for (const outcome of await outcomes) expect(outcome).toMatchObject({ reason: { code: "EIO" } });
  await expect(disk.read(0, 512)).rejects.toBeInstanceOf(DiskError);
  await disk.closed;
});

test("a read-only export is no disk for the engine", async () => {
  const rig = await NbdRig.start([new MemoryExport({ sizeBytes: 4096, readOnly: true })]);
  await expect(NbdDisk.open(rig.address)).rejects.toMatchObject({ code: "NBD_UNSUPPORTED" });
  await rig.close();
});
