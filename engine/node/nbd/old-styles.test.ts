import { createServer, type Socket } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { NbdClient } from "./client.ts";
import { MemoryExport } from "./memory-export.ts";
import { NbdRig } from "./nbd-rig.ts";
import { optionMessage, optionReply, u16, u32, u64 } from "./option-codec.ts";
import { COMMAND, OPTION, OPTION_MAGIC, REPLY, SERVER_MAGIC } from "./protocol.ts";
import { RawClient, rawRequest } from "./raw-client.ts";
import { SlabPool } from "./slab.ts";
import { Wire } from "./wire.ts";

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

describe("a client that knows only EXPORT_NAME", () => {
  test.each([
    ["is told size and flags, and zeros behind them", 1, 134],
    ["is spared the zeros if it says so", 3, 10],
  ])("%s", async (_, flags, lengthBytes) => {
    const target = new MemoryExport({ name: "disk", sizeBytes: 1024 * 1024 });
    const rig = await NbdRig.start([target]);
    closing.push(() => rig.close());
    const client = new RawClient(rig.address);
    await client.wire.take(18);
    await client.send(u32(flags), optionMessage(OPTION.EXPORT_NAME, [Buffer.from("disk")]));
    const answer = await client.wire.take(lengthBytes);
    expect(answer.readBigUInt64BE()).toBe(1024n * 1024n);
    // Without structured replies: no DF.
    expect(answer.readUInt16BE(8) & 0x80).toBe(0);
    target.bytes.fill(9);
    await client.send(rawRequest({ type: COMMAND.READ, offsetBytes: 1, lengthBytes: 3 }));
    expect(await client.simpleReply()).toBe(0);
    expect(await client.wire.take(3)).toEqual(Buffer.from([9, 9, 9]));
    await client.send(rawRequest({ type: COMMAND.READ, offsetBytes: 1024 * 1024, lengthBytes: 1 }));
    expect(await client.simpleReply()).toBe(22);
    client.wire.drop();
  });

  test("finds the connection closed if the export is not there", async () => {
    const rig = await NbdRig.start([new MemoryExport({ name: "disk", sizeBytes: 4096 })]);
    closing.push(() => rig.close());
    const client = await new RawClient(rig.address).begin();
    await client.send(optionMessage(OPTION.EXPORT_NAME, [Buffer.from("other")]));
    await client.closed;
    expect(rig.told).toContainEqual(expect.stringContaining("not there was asked for: other"));
  });
});

/** A server that does what the test says. */
async function scripted(serve: (wire: Wire) => Promise<void>): Promise<{ host: string; port: number }> {
  const server = createServer((socket: Socket) => {
    // What the client does then is what is tested.
    serve(new Wire(new SlabPool(0), () => socket)).catch(() => socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closing.push(() => new Promise((resolve) => server.close(() => resolve())));
  return { host: "127.0.0.1", port: (server.address() as { port: number }).port };
}

const greeting = (flags: number): Buffer => Buffer.concat([u64(SERVER_MAGIC), u64(OPTION_MAGIC), u16(flags)]);

describe("a server", () => {
  test("that knows only EXPORT_NAME is asked so, and answered simply", async () => {
    const address = await scripted(async (wire) => {
      await wire.send(greeting(1));
      await wire.take(4);
      for (;;) {
        const header = await wire.take(16);
        const option = header.readUInt32BE(8);
        await wire.take(header.readUInt32BE(12));
        if (option === OPTION.EXPORT_NAME) break;
        await wire.send(optionReply(option, REPLY.ERR_UNSUP, []));
      }
      await wire.send(u64(4096n), u16(1 | 4), Buffer.alloc(124));
      const read = await wire.take(28);
      await wire.send(u32(0x67446698), u32(0), read.subarray(8, 16), Buffer.alloc(512, 5));
      const write = await wire.take(28 + 512);
      await wire.send(u32(0x67446698), u32(0), write.subarray(8, 16));
      // There is no FUA, so the client asks for a flush.
      const flush = await wire.take(28);
      await wire.send(u32(0x67446698), u32(flush.readUInt16BE(6) === COMMAND.FLUSH ? 0 : 22), flush.subarray(8, 16));
    });
    const client = await NbdClient.connect({ ...address, contexts: ["base:allocation"] });
    expect(client.info).toMatchObject({
      sizeBytes: 4096,
      structured: false,
      canFua: false,
      canFlush: true,
      blockBytesMin: 1,
    });
    expect((await client.read(0, 512))[511]).toBe(5);
    await client.write(0, Buffer.alloc(512), { fua: true });
    await expect(client.blockStatus(0, 512)).rejects.toMatchObject({ code: "NBD_UNSUPPORTED" });
    client.destroy();
  });

  test.each([
    ["of the oldstyle", () => Buffer.concat([u64(SERVER_MAGIC), u64(0x420281861253n), u16(0)]), "NBD_PROTOCOL"],
    ["of the newstyle that is not fixed", () => greeting(0), "NBD_PROTOCOL"],
    ["that is none", () => Buffer.from("HTTP/1.1 400 Bad Request\r\n"), "NBD_PROTOCOL"],
    ["that closes at once", () => Buffer.alloc(0), "NBD_LOST"],
  ])("%s is refused", async (_, says, code) => {
    const address = await scripted(async (wire) => {
      await wire.send(says());
      wire.end();
    });
    await expect(NbdClient.connect(address)).rejects.toMatchObject({ code });
  });

  test("that says nothing is given up", async () => {
    const address = await scripted(async () => {});
    await expect(NbdClient.connect({ ...address, connectTimeoutMs: 50 })).rejects.toMatchObject({
      code: "NBD_TIMEOUT",
    });
  });

  test("that does not answer is given up if its client says so", async () => {
    const target = new MemoryExport({ sizeBytes: 4096 });
    const rig = await NbdRig.start([target]);
    closing.push(() => rig.close());
    const client = await rig.connect({ answerTimeoutMs: 50 });
    target.gate = new Promise(() => {});
    await expect(client.read(0, 512)).rejects.toMatchObject({
      code: "NBD_LOST",
      context: { why: "nothing was heard for 50 ms" },
    });
  });

  test("that breaks the protocol is not believed any more", async () => {
    const address = await scripted(async (wire) => {
      await wire.send(greeting(3));
      await wire.take(4);
      for (let granted = false; !granted; ) {
        const header = await wire.take(16);
        const option = header.readUInt32BE(8);
        await wire.take(header.readUInt32BE(12));
        granted = option === OPTION.EXPORT_NAME;
        if (!granted) await wire.send(optionReply(option, REPLY.ERR_UNSUP, []));
      }
      await wire.send(u64(4096n), u16(1));
      await wire.take(28);
      await wire.send(Buffer.alloc(16, 0x55));
    });
    const client = await NbdClient.connect(address);
    const requests = [client.read(0, 512), client.read(512, 512)];
    for (const outcome of await Promise.allSettled(requests))
      expect(outcome).toMatchObject({ reason: { code: "NBD_LOST" } });
    await client.closed;
  });
});
