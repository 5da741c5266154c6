import { afterEach, beforeEach, expect, test } from "vitest";
import { expectEventually } from "./expect-eventually.ts";
import { MemoryExport } from "./memory-export.ts";
import { NbdRig } from "./nbd-rig.ts";
import { COMMAND } from "./protocol.ts";
import { RawClient, rawRequest } from "./raw-client.ts";

const MIB = 1024 * 1024;
const LENGTH_BYTES = 8 * MIB;
/** As many at once as a server lets be. */
const PLACES = 4;

let target: MemoryExport;
let rig: NbdRig;
let open: () => void;

beforeEach(async () => {
  target = new MemoryExport({ name: "disk", sizeBytes: 16 * MIB });
  target.keepsRequests = true;
  rig = await NbdRig.start([target], { stallTimeoutMs: 1000 });
});

afterEach(() => rig.close());

function shut(): void {
  target.gate = new Promise((resolve) => {
    open = () => {
      target.gate = undefined;
      resolve();
    };
  });
}

/** A client that has sent a large write, or the first bytes of one. */
async function writing(payloadBytes = LENGTH_BYTES): Promise<RawClient> {
  const client = new RawClient(rig.address);
  await client.go("disk");
  client.wire.socket.on("error", () => {});
  client.wire.socket.write(rawRequest({ type: COMMAND.WRITE, lengthBytes: LENGTH_BYTES }));
  client.wire.socket.write(Buffer.alloc(payloadBytes, 1));
  return client;
}

test("few large writes at once: the others wait, and are all answered", async () => {
  shut();
  const clients: RawClient[] = [];
  for (let count = 0; count < PLACES + 3; count++) clients.push(await writing());
  await expectEventually(() => target.requests.length).toBe(PLACES);
  // Small requests of others, and large ones that are refused, need no place.
  const other = await rig.connect();
  await expect(other.write(12 * MIB, Buffer.alloc(LENGTH_BYTES))).rejects.toMatchObject({
    context: { errno: "ENOSPC" },
  });
  expect(target.requests).toHaveLength(PLACES);
  open();
  for (const client of clients) expect(await client.simpleReply()).toBe(0);
  expect(target.requests).toHaveLength(PLACES + 3);
  for (const client of clients) client.wire.drop();
});

test("large reads need a place until they are read", async () => {
  const clients = await Promise.all(Array.from({ length: PLACES }, () => rig.connect()));
  const reads = clients.flatMap((client) => [0, 1, 2].map((index) => client.read(index * MIB, LENGTH_BYTES)));
  for (const bytes of await Promise.all(reads)) expect(bytes).toHaveLength(LENGTH_BYTES);
  target.before = (command) => {
    if (command === "read") throw new Error("broken");
  };
  // One that fails gives its place back too.
  for (let count = 0; count < 2 * PLACES; count++)
    await expect(clients[0]?.read(0, LENGTH_BYTES)).rejects.toMatchObject({ context: { errno: "EIO" } });
  target.before = () => {};
  expect(await clients[1]?.read(0, LENGTH_BYTES)).toHaveLength(LENGTH_BYTES);
});

test("who stalls within a large write, or goes away while it waits, gives its place to the next", async () => {
  const stalled = await Promise.all(Array.from({ length: PLACES }, () => writing(MIB)));
  await expectEventually(() => rig.server.clientCount).toBe(PLACES);
  const impatient = await writing();
  const patient = await writing();
  impatient.wire.drop();
  expect(await patient.simpleReply()).toBe(0);
  await Promise.all(stalled.map((client) => client.closed));
  patient.wire.drop();
  await expectEventually(() => rig.server.clientCount).toBe(0);
  // All places are there again.
  shut();
  const clients = await Promise.all(Array.from({ length: PLACES }, () => writing()));
  await expectEventually(() => target.requests.filter((request) => request.startsWith("write")).length).toBe(
    PLACES + 1,
  );
  open();
  for (const client of clients) expect(await client.simpleReply()).toBe(0);
  for (const client of clients) client.wire.drop();
});
