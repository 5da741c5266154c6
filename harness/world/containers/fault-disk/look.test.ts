import { expect, test } from "vitest";
import { SECTOR_BYTES } from "../../../../engine/ports/index.ts";
import { FaultDisk } from "./fault-disk.ts";
import { decodeLook, encodeLook, lookAt } from "./look.ts";

const options = { fua: false };

test("a look survives its way: what was written, what is zero, and how often", async () => {
  const faultDisk = new FaultDisk("127.0.0.1");
  await faultDisk.create({ name: "a/pvol", group: "a", sizeBytes: 64 * SECTOR_BYTES, seed: 1 });
  try {
    const disk = faultDisk.disk("a/pvol");
    await disk.write(0, new Uint8Array(SECTOR_BYTES).fill(1), options);
    await disk.write(SECTOR_BYTES, new Uint8Array(2 * SECTOR_BYTES).fill(2), options);
    await disk.trim(SECTOR_BYTES, 2 * SECTOR_BYTES, options);
    await disk.write(0, new Uint8Array(SECTOR_BYTES).fill(3), options);
    disk.inject({ kind: "eio", on: ["write"], reach: "all" });
    await expect(disk.write(0, new Uint8Array(SECTOR_BYTES).fill(3), options)).rejects.toThrow("EIO");
    const look = lookAt(faultDisk, 0);
    expect(decodeLook(encodeLook(look))).toEqual(look);
    // The first sector was written twice, and once in spite of the disk, and holds what came last.
    expect(
      look.changes.map(({ offsetBytes, reason, data, isRefused }) => [offsetBytes, reason, data?.[0] ?? 0, isRefused]),
    ).toEqual([
      [SECTOR_BYTES, "write", 0, undefined],
      [SECTOR_BYTES, "trim", 0, undefined],
      [0, "write", 3, undefined],
      [0, "write", 3, true],
    ]);
    expect(look.writes).toEqual({ "a/pvol": 5 });
    const bytes = encodeLook(look);
    expect(() => decodeLook(bytes.subarray(0, -1))).toThrow(RangeError);
  } finally {
    await faultDisk.reset();
  }
});
