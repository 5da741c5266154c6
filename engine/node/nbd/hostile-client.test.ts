import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { checkAsyncLaw } from "../../testing/check-law.ts";
import type { NbdClient } from "./client.ts";
import { expectEventually } from "./expect-eventually.ts";
import { MemoryExport } from "./memory-export.ts";
import { NbdRig } from "./nbd-rig.ts";
import { exportRequest, lengthAndText, u16, u32 } from "./option-codec.ts";
import { COMMAND, ERRNO, OPTION, REPLY } from "./protocol.ts";
import { RawClient, rawRequest } from "./raw-client.ts";

const MIB = 1024 * 1024;
const IMPATIENCE = { handshakeTimeoutMs: 1000, stallTimeoutMs: 300 };

// Beside every hostile client an honest one is at work.
let target: MemoryExport;
let rig: NbdRig;
/** Another server of the same export, for what takes time. */
let impatient: NbdRig;
let honest: NbdClient;

beforeEach(async () => {
  target = new MemoryExport({ name: "disk", sizeBytes: 64 * MIB });
  rig = await NbdRig.start([target]);
  impatient = await NbdRig.start([target], IMPATIENCE);
  honest = await rig.connect();
});

afterEach(async () => {
  await expectUnharmed();
  await rig.close();
  await impatient.close();
});

async function expectUnharmed(): Promise<void> {
  target.gate = undefined;
  const data = Buffer.alloc(4096, 7);
  await honest.write(63 * MIB, data, { fua: true });
  expect(data.equals(await honest.read(63 * MIB, 4096))).toBe(true);
}

async function attached(to = rig): Promise<RawClient> {
  const client = new RawClient(to.address);
  await client.go("disk");
  target.keepsRequests = true;
  return client;
}

describe("in the handshake", () => {
  test("garbage ends the connection", async () => {
    const law = fc.asyncProperty(fc.uint8Array({ minLength: 20, maxLength: 300 }), async (bytes) => {
      const client = new RawClient(rig.address);
      await client.send(bytes).catch(() => {});
      await client.closed;
    });
    await checkAsyncLaw(law, 40);
  });

  test("an unknown client flag ends it", async () => {
    const client = new RawClient(rig.address);
    await client.send(u32(0x80));
    await client.closed;
    expect(rig.told).toContainEqual(expect.stringContaining("unknown client flags 128"));
  });

  test("an unknown option is refused, and the next one is read", async () => {
    const client = await new RawClient(rig.address).begin();
    for (const option of [4, 12, 999])
      expect(await client.option(option, Buffer.alloc(1000))).toMatchObject({ type: REPLY.ERR_UNSUP });
    expect(await client.option(OPTION.STRUCTURED_REPLY)).toMatchObject({ type: REPLY.ACK });
  });

  test("an option of the wrong form is refused, and the next one is read", async () => {
    const client = await new RawClient(rig.address).begin();
    const wrong: [number, Uint8Array[]][] = [
      [OPTION.GO, []],
      [OPTION.GO, [u32(1000), u16(0)]],
      [OPTION.GO, [lengthAndText("disk"), u16(3)]],
      [OPTION.GO, [...exportRequest({ name: "disk", wanted: new Set() }), Buffer.alloc(1)]],
      [OPTION.INFO, [u32(2), Buffer.from([0xff, 0xfe]), u16(0)]],
      [OPTION.LIST, [Buffer.alloc(1)]],
      [OPTION.STRUCTURED_REPLY, [Buffer.alloc(1)]],
      [OPTION.LIST_META_CONTEXT, [lengthAndText("disk"), u32(0xffff_ffff)]],
      [OPTION.LIST_META_CONTEXT, [lengthAndText("disk"), u32(1), lengthAndText("no-namespace")]],
      // Before structured replies were asked for.
      [OPTION.SET_META_CONTEXT, [lengthAndText("disk"), u32(1), lengthAndText("base:allocation")]],
    ];
    for (const [option, data] of wrong)
      expect(await client.option(option, ...data), `option ${option}`).toMatchObject({ type: REPLY.ERR_INVALID });
    expect(await client.option(OPTION.STARTTLS)).toMatchObject({ type: REPLY.ERR_POLICY });
    expect(await client.option(OPTION.ABORT)).toMatchObject({ type: REPLY.ACK });
    await client.closed;
  });

  test("too large an option is left out, and one beyond all measure ends the connection", async () => {
    const client = await new RawClient(rig.address).begin();
    expect(await client.option(OPTION.INFO, Buffer.alloc(MIB))).toMatchObject({ type: REPLY.ERR_TOO_BIG });
    expect(await client.option(OPTION.STRUCTURED_REPLY)).toMatchObject({ type: REPLY.ACK });
    await client.send(Buffer.from("IHAVEOPT"), u32(OPTION.INFO), u32(2 * MIB));
    await client.closed;
  });

  test("a client that stops half-way is dropped", async () => {
    const client = await new RawClient(impatient.address).begin();
    await client.send(Buffer.from("IHAVE"));
    await client.closed;
    expect(impatient.told).toContainEqual(expect.stringContaining("no handshake within 1000 ms"));
  });

  test("a client that asks and never reads is not read from, and dropped", async () => {
    const client = await new RawClient(impatient.address).begin();
    client.wire.pause();
    const list = Buffer.concat([Buffer.from("IHAVEOPT"), u32(OPTION.LIST), u32(0)]);
    const flood = Buffer.concat(Array.from({ length: 4096 }, () => list));
    client.wire.socket.on("error", () => {});
    for (let count = 0; count < 200; count++) client.wire.socket.write(flood);
    await expectEventually(() => impatient.told.join()).toContain("nbd.client.dropped");
    await expectEventually(() => impatient.server.clientCount).toBe(0);
  });
});

describe("in the transmission", () => {
  test("what is no request ends the connection", async () => {
    const client = await attached();
    await client.send(Buffer.alloc(28, 0x41));
    await client.closed;
    expect(rig.told).toContainEqual(expect.stringContaining("a request that begins with 41414141"));
  });

  test("errors have the numbers of the protocol, and the connection goes on", async () => {
    const client = await attached();
    const wrong: [Parameters<typeof rawRequest>[0], keyof typeof ERRNO][] = [
      [{ type: 99 }, "EINVAL"],
      [{ type: COMMAND.READ, lengthBytes: 512, flags: 0x8000 }, "EINVAL"],
      [{ type: COMMAND.READ, lengthBytes: 33 * MIB }, "EINVAL"],
      [{ type: COMMAND.READ, offsetBytes: 2 ** 53, lengthBytes: 512 }, "EINVAL"],
      [{ type: COMMAND.BLOCK_STATUS, lengthBytes: 512 }, "EINVAL"],
      [{ type: COMMAND.WRITE_ZEROES, offsetBytes: 64 * MIB, lengthBytes: 1 }, "ENOSPC"],
      [{ type: COMMAND.CACHE, offsetBytes: 64 * MIB, lengthBytes: 1 }, "EINVAL"],
    ];
    for (const [request, errno] of wrong) {
      await client.send(rawRequest(request));
      expect(await client.errorChunk(), JSON.stringify(request)).toBe(ERRNO[errno]);
    }
    await client.send(rawRequest({ type: COMMAND.WRITE, lengthBytes: 33 * MIB }), Buffer.alloc(33 * MIB));
    expect(await client.errorChunk()).toBe(ERRNO.EINVAL);
    expect(target.requests).toEqual([]);
    await client.send(rawRequest({ type: COMMAND.FLUSH }));
    expect(await client.simpleReply()).toBe(0);
    client.wire.drop();
  });

  test("requests of no bytes are answered", async () => {
    const client = await attached();
    for (const type of [COMMAND.WRITE, COMMAND.TRIM, COMMAND.WRITE_ZEROES, COMMAND.CACHE]) {
      await client.send(rawRequest({ type, offsetBytes: 100 }));
      expect(await client.simpleReply()).toBe(0);
    }
    await client.send(rawRequest({ type: COMMAND.READ }));
    expect((await client.wire.take(20)).readUInt32BE(4)).toBe(0x0001_0000);
    expect(target.requests).toEqual([]);
    client.wire.drop();
  });

  test("a write announced beyond all measure ends the connection", async () => {
    const client = await attached();
    await client.send(rawRequest({ type: COMMAND.WRITE, lengthBytes: 0xffff_ffff }));
    await client.closed;
    expect(rig.told).toContainEqual(expect.stringContaining("a write of 4294967295 bytes"));
  });

  test("a client that goes away within a write has written nothing of it", async () => {
    const client = await attached();
    await client.send(rawRequest({ type: COMMAND.WRITE, lengthBytes: MIB }), Buffer.alloc(MIB - 1, 1));
    client.wire.drop();
    await expectEventually(() => rig.server.clientCount).toBe(1);
    expect(target.requests).toEqual([]);
  });

  test("a client that stops within a request is dropped, one that says nothing is not", async () => {
    const idle = await attached(impatient);
    const client = await attached(impatient);
    await client.send(rawRequest({ type: COMMAND.WRITE, lengthBytes: MIB }), Buffer.alloc(1000));
    await client.closed;
    expect(impatient.told).toContainEqual(expect.stringContaining("nothing sent or read for 300 ms"));
    await idle.send(rawRequest({ type: COMMAND.FLUSH }));
    expect(await idle.simpleReply()).toBe(0);
    idle.wire.drop();
  });

  test("a client that never reads gets no more than its share, and is dropped", async () => {
    const client = await attached(impatient);
    client.wire.pause();
    client.wire.socket.on("error", () => {});
    for (let index = 0; index < 1000; index++)
      client.wire.socket.write(rawRequest({ type: COMMAND.READ, cookie: index, lengthBytes: MIB }));
    await expectEventually(() => impatient.told.join()).toContain("nothing sent or read");
    await expectUnharmed();
    // Its share, and what the buffers of the system hold.
    expect(target.requests.filter((request) => request === `read 0 ${MIB}`).length).toBeLessThan(64);
  });

  test("requests beyond the bound wait, and are all answered", async () => {
    const client = await attached();
    let open = (): void => {};
    target.gate = new Promise((resolve) => {
      open = resolve;
    });
    const requests = Array.from({ length: 1000 }, (_, cookie) =>
      Buffer.concat([
        rawRequest({ type: COMMAND.WRITE, cookie, offsetBytes: cookie * 512, lengthBytes: 512 }),
        Buffer.alloc(512),
      ]),
    );
    await client.send(...requests);
    await expectEventually(() => target.requests.length).toBe(256);
    open();
    target.gate = undefined;
    for (let count = 0; count < 1000; count++) expect(await client.simpleReply()).toBe(0);
    client.wire.drop();
  });

  test.each(["DISC", "the end of its stream"])(
    "what was sent before %s is carried out and answered",
    async (goodbye) => {
      const client = await attached();
      client.wire.onEnd = () => {};
      const writes = Array.from({ length: 20 }, (_, cookie) =>
        Buffer.concat([rawRequest({ type: COMMAND.WRITE, cookie, lengthBytes: 512 }), Buffer.alloc(512)]),
      );
      await client.send(...writes, ...(goodbye === "DISC" ? [rawRequest({ type: COMMAND.DISC })] : []));
      if (goodbye !== "DISC") client.wire.socket.end();
      for (let count = 0; count < 20; count++) expect(await client.simpleReply()).toBe(0);
      if (goodbye === "DISC") client.wire.socket.end();
      await client.closed;
      expect(target.requests).toHaveLength(20);
    },
  );

  test("whatever is changed in a stream of requests, the others are unharmed", async () => {
    const stream = Buffer.concat(
      [COMMAND.READ, COMMAND.WRITE, COMMAND.FLUSH, COMMAND.TRIM, COMMAND.WRITE_ZEROES, COMMAND.CACHE].map((type) =>
        Buffer.concat([rawRequest({ type, lengthBytes: 512 }), Buffer.alloc(type === COMMAND.WRITE ? 512 : 0)]),
      ),
    );
    const law = fc.asyncProperty(
      fc.array(fc.tuple(fc.nat(stream.length - 1), fc.nat(255)), { minLength: 1, maxLength: 5 }),
      fc.nat(stream.length),
      async (changes, cut) => {
        const client = await attached();
        const changed = Buffer.from(stream);
        for (const [at, value] of changes) changed[at] = value;
        await client.send(changed.subarray(0, cut));
        client.wire.socket.end();
        await client.closed;
        await expectUnharmed();
      },
    );
    await checkAsyncLaw(law, 60);
  });
});

test("while the server closes, what runs is answered, and what comes is refused as shutdown", async () => {
  const other = new MemoryExport({ name: "disk", sizeBytes: MIB });
  const closing = await NbdRig.start([other]);
  const client = new RawClient(closing.address);
  await client.go("disk");
  let open = (): void => {};
  other.keepsRequests = true;
  other.gate = new Promise((resolve) => {
    open = resolve;
  });
  await client.send(rawRequest({ type: COMMAND.FLUSH, cookie: 1 }));
  await expectEventually(() => other.requests.length).toBe(1);
  const closed = closing.server.close();
  await client.send(rawRequest({ type: COMMAND.READ, cookie: 2, lengthBytes: 512 }));
  expect(await client.errorChunk()).toBe(ERRNO.ESHUTDOWN);
  open();
  expect(await client.simpleReply()).toBe(0);
  await client.closed;
  await closed;
});

test("clients beyond the bound are turned away, and let in when there is room", async () => {
  const few = await NbdRig.start([target], { clientsMax: 2 });
  const first = await few.connect();
  await few.connect();
  await expect(few.connect()).rejects.toMatchObject({ code: "NBD_LOST" });
  await first.disconnect();
  await expectEventually(() => few.server.clientCount).toBe(1);
  const later = await few.connect();
  expect(await later.read(0, 512)).toHaveLength(512);
  await few.close();
});
