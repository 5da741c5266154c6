import { Socket } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { DiskError } from "../../ports/index.ts";
import { adoptedSocket } from "../adopted-socket.ts";
import { NbdClient } from "./client.ts";
import { expectEventually } from "./expect-eventually.ts";
import { MemoryExport } from "./memory-export.ts";
import { NbdRig } from "./nbd-rig.ts";

const MIB = 1024 * 1024;
let rig: NbdRig | undefined;

afterEach(async () => {
  await rig?.close();
  rig = undefined;
});

async function start(options: Partial<ConstructorParameters<typeof MemoryExport>[0]> = {}) {
  const target = new MemoryExport({ name: "disk", sizeBytes: 8 * MIB, ...options });
  target.keepsRequests = true;
  rig = await NbdRig.start([target]);
  return { target, rig };
}

function bytes(lengthBytes: number, seed: number): Buffer {
  const unit = Uint8Array.from(
    { length: Math.min(lengthBytes, 65_521) },
    (_, index) => (index * 7 + (index >> 8) + seed) & 0xff,
  );
  return Buffer.alloc(lengthBytes, unit);
}

test("the client learns what the export is", async () => {
  const { rig } = await start({ description: "a device", readOnly: true });
  expect((await rig.connect({ exportName: "disk" })).info).toMatchObject({
    name: "disk",
    description: "a device",
    sizeBytes: 8 * MIB,
    readOnly: true,
    canFlush: true,
    canTrim: false,
    canMultiConn: true,
    structured: true,
    blockBytesMin: 512,
    blockBytesMax: 32 * MIB,
  });
});

test("exports are listed, and one that is not there is refused with its name", async () => {
  const { rig } = await start();
  expect(await NbdClient.list(rig.address)).toEqual(["disk"]);
  await expect(rig.connect({ exportName: "other" })).rejects.toMatchObject({
    code: "NBD_REFUSED",
    context: { option: "GO", reply: "ERR_UNKNOWN", message: "there is no export other" },
  });
});

test("what is written is read, of any length and at any place", async () => {
  const { rig, target } = await start();
  const client = await rig.connect();
  for (const [offsetBytes, lengthBytes] of [
    [0, 512],
    [4096, 4096],
    [513, 1],
    [1000, 3000],
    [MIB - 1, 2 * MIB + 3],
  ] as const) {
    const data = bytes(lengthBytes, offsetBytes);
    await client.write(offsetBytes, data);
    expect(data.equals(await client.read(offsetBytes, lengthBytes))).toBe(true);
    expect(target.bytes.subarray(offsetBytes, offsetBytes + lengthBytes).equals(data)).toBe(true);
  }
});

test("a request larger than the server takes goes in pieces", async () => {
  const { rig } = await start({ sizeBytes: 80 * MIB });
  const client = await rig.connect();
  const data = bytes(70 * MIB, 3);
  await client.write(512, data);
  expect(data.equals(await client.read(512, data.length))).toBe(true);
});

test("flush, FUA, trim, zeros and cache reach the export", async () => {
  const { rig, target } = await start();
  const client = await rig.connect();
  await client.write(0, bytes(512, 1), { fua: true });
  await client.flush();
  await client.trim(1024, 512, { fua: true });
  await client.writeZeroes(2048, 1024, { fua: true, noHole: true });
  await client.writeZeroes(2048, 1024, { fastZero: true });
  await client.cache(0, 4096);
  expect(target.requests).toEqual([
    "write 0 512 fua",
    "flush 0 0",
    "trim 1024 512 fua",
    "zero 2048 1024 fua no-hole",
    "zero 2048 1024",
    "cache 0 4096",
  ]);
});

describe("what is refused, and how", () => {
  test.each([
    ["a write past the end", 8 * MIB - 512, "write", "ENOSPC"],
    ["a read past the end", 8 * MIB - 512, "read", "EINVAL"],
    ["zeros past the end", 8 * MIB - 512, "zero", "ENOSPC"],
    ["a trim past the end", 8 * MIB - 512, "trim", "EINVAL"],
  ])("%s", async (_, offsetBytes, command, errno) => {
    const { rig, target } = await start();
    const client = await rig.connect();
    const request = {
      write: () => client.write(offsetBytes, bytes(1024, 1)),
      read: () => client.read(offsetBytes, 1024),
      zero: () => client.writeZeroes(offsetBytes, 1024),
      trim: () => client.trim(offsetBytes, 1024),
    }[command as "write"];
    await expect(request()).rejects.toMatchObject({ code: "NBD_FAILED", context: { errno } });
    expect(target.requests).toEqual([]);
    // And the connection goes on.
    expect(await client.read(0, 512)).toHaveLength(512);
  });

  test("a write to a read-only export", async () => {
    const { rig } = await start({ readOnly: true });
    const client = await rig.connect();
    await expect(client.write(0, bytes(512, 1))).rejects.toMatchObject({ context: { errno: "EPERM" } });
    await expect(client.trim(0, 512)).rejects.toMatchObject({ code: "NBD_UNSUPPORTED" });
  });

  test("what the export refuses, with its reason", async () => {
    const { rig, target } = await start();
    const client = await rig.connect();
    target.before = (_, offsetBytes, lengthBytes) => {
      throw new DiskError(offsetBytes === 0 ? "EIO" : "ENOSPC", offsetBytes, lengthBytes);
    };
    const refused = { errno: "EIO", message: "EIO at byte 0, 512 bytes" };
    await expect(client.read(0, 512)).rejects.toMatchObject({ context: refused });
    await expect(client.write(0, bytes(512, 1))).rejects.toMatchObject({ context: refused });
    await expect(client.write(512, bytes(512, 1))).rejects.toMatchObject({ context: { errno: "ENOSPC" } });
    await expect(client.write(1, bytes(5, 1))).rejects.toMatchObject({ context: { errno: "EIO" } });
    await expect(client.flush()).rejects.toMatchObject({ context: { errno: "EIO" } });
  });
});

test("contexts tell of holes and of what is dirty, and holes are read without their zeros", async () => {
  const { rig } = await start({ sparse: true, bitmap: "pair" });
  const client = await rig.connect({ contexts: ["base:allocation", "qemu:dirty-bitmap:pair", "qemu:dirty-bitmap:no"] });
  await client.write(8192, bytes(4096, 1));
  await client.trim(0, 4096);
  expect(await client.blockStatus(0, 64 * 1024)).toEqual(
    new Map([
      [
        "base:allocation",
        [
          { lengthBytes: 8192, flags: 3 },
          { lengthBytes: 4096, flags: 0 },
          { lengthBytes: 52 * 1024, flags: 3 },
        ],
      ],
      [
        "qemu:dirty-bitmap:pair",
        [
          { lengthBytes: 4096, flags: 1 },
          { lengthBytes: 4096, flags: 0 },
          { lengthBytes: 4096, flags: 1 },
          { lengthBytes: 52 * 1024, flags: 0 },
        ],
      ],
    ]),
  );
  const expected = Buffer.alloc(64 * 1024);
  bytes(4096, 1).copy(expected, 8192);
  expect(expected.equals(await client.read(0, 64 * 1024))).toBe(true);
  expect(expected.subarray(100, 9000).equals(await client.read(100, 8900))).toBe(true);
});

test("a server that closes answers what runs; later requests fail, and the client says why", async () => {
  const { rig, target } = await start();
  const client = await rig.connect();
  let open = (): void => {};
  target.gate = new Promise((resolve) => {
    open = resolve;
  });
  const running = client.write(0, bytes(4096, 1));
  await expectEventually(() => target.requests.length).toBe(1);
  const closing = rig.server.close();
  open();
  await running;
  await closing;
  await expect(client.read(0, 512)).rejects.toMatchObject({ code: "NBD_LOST" });
  await expect(rig.connect()).rejects.toMatchObject({ code: "NBD_UNREACHABLE" });
});

test("a client that disconnects has everything answered first", async () => {
  const { rig, target } = await start();
  const client = await rig.connect();
  const writes = Array.from({ length: 300 }, (_, index) => client.write(index * 4096, bytes(4096, index)));
  await client.disconnect();
  await Promise.all(writes);
  expect(target.requests).toHaveLength(300);
  await expectEventually(() => rig.server.clientCount).toBe(0);
});

test("more requests than a connection can remember are refused at once; the others are all answered", async () => {
  const { rig, target } = await start();
  const client = await rig.connect({ requestsMax: 1 });
  let open = (): void => {};
  target.gate = new Promise((resolve) => {
    open = resolve;
  });
  const requests = Array.from({ length: 16_386 }, () => client.flush());
  await expect(requests.at(-1)).rejects.toMatchObject({ code: "NBD_BUSY", context: { waiting: 16_384 } });
  target.gate = undefined;
  open();
  await Promise.all(requests.slice(0, -1));
});

test("a socket whose handle cannot be had is used as it is", () => {
  const socket = new Socket();
  const onread = { buffer: new Uint8Array(1), callback: () => true };
  expect(adoptedSocket(socket, onread, true)).toBe(socket);
  socket.destroy();
});
