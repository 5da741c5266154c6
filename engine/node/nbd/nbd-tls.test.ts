import { afterEach, beforeAll, expect, test } from "vitest";
import { type KeySet, makeKeys } from "../keys/make-keys.ts";
import type { NbdClientTls } from "./client-handshake.ts";
import { MemoryExport } from "./memory-export.ts";
import { NbdRig } from "./nbd-rig.ts";
import { optionMessage } from "./option-codec.ts";
import { OPTION, REPLY } from "./protocol.ts";
import { RawClient } from "./raw-client.ts";
import type { NbdServerTls } from "./server.ts";

let keys: KeySet;
let strangers: KeySet;
let rig: NbdRig | undefined;

beforeAll(async () => {
  keys = await makeKeys(["server", "host"]);
  strangers = await makeKeys(["server", "host"]);
});

afterEach(async () => {
  await rig?.close();
  rig = undefined;
});

async function start(options: Partial<NbdServerTls> = {}): Promise<NbdRig> {
  const { cert, key } = keys.systems.get("server") as { cert: string; key: string };
  const tls = { cert, key, ca: keys.authority.cert, required: true, ...options };
  rig = await NbdRig.start([new MemoryExport({ name: "disk", sizeBytes: 4 * 1024 * 1024 })], { tls });
  return rig;
}

function hostKeys(of: KeySet = keys, options: Partial<NbdClientTls> = {}): NbdClientTls {
  return { ca: of.authority.cert, ...of.systems.get("host"), serverName: "server", ...options };
}

test("both ends show a certificate, and everything goes on inside", async () => {
  const client = await (await start()).connect({ tls: hostKeys(), contexts: ["base:allocation"] });
  const data = Buffer.alloc(1024 * 1024, "content");
  await client.write(4096, data, { fua: true });
  expect(data.equals(await client.read(4096, data.length))).toBe(true);
  expect([...client.info.contexts.values()]).toEqual(["base:allocation"]);
  await client.disconnect();
});

test("a server that requires TLS tells nothing without", async () => {
  const rig = await start();
  await expect(rig.connect({ exportName: "disk" })).rejects.toMatchObject({
    code: "NBD_REFUSED",
    context: { reply: "ERR_TLS_REQD" },
  });
  const raw = await new RawClient(rig.address).begin();
  for (const option of [OPTION.LIST, OPTION.GO, OPTION.INFO, OPTION.STRUCTURED_REPLY, 999])
    expect(await raw.option(option)).toMatchObject({ type: REPLY.ERR_TLS_REQD });
  await raw.send(optionMessage(OPTION.EXPORT_NAME, [Buffer.from("disk")]));
  await raw.closed;
});

test("a server that offers TLS serves both kinds of clients", async () => {
  const rig = await start({ required: false });
  const plain = await rig.connect();
  const secret = await rig.connect({ tls: hostKeys() });
  await plain.write(0, Buffer.alloc(512, 1));
  expect((await secret.read(0, 512))[0]).toBe(1);
});

test.each([
  ["a server of another authority", () => hostKeys(keys, { ca: strangers.authority.cert })],
  ["a server of another name", () => hostKeys(keys, { serverName: "other" })],
])("%s is not believed", async (_, tls) => {
  const rig = await start();
  await expect(rig.connect({ tls: tls() })).rejects.toMatchObject({ code: "NBD_TLS" });
});

test.each([
  ["a client of another authority", () => hostKeys(strangers, { ca: keys.authority.cert })],
  ["a client without a certificate", () => ({ ca: keys.authority.cert, serverName: "server" })],
])("%s gets nothing", async (_, tls) => {
  const rig = await start();
  await expect(rig.connect({ tls: tls() })).rejects.toMatchObject({
    code: expect.stringMatching(/^NBD_(TLS|LOST)$/) as string,
  });
});

test("a client that wants TLS does not go on without", async () => {
  rig = await NbdRig.start([new MemoryExport({ sizeBytes: 4096 })]);
  await expect(rig.connect({ tls: hostKeys() })).rejects.toMatchObject({
    code: "NBD_TLS",
    context: { why: "the server has no TLS" },
  });
});

test("what was sent in the clear behind STARTTLS does not count as said inside", async () => {
  const rig = await start();
  const raw = await new RawClient(rig.address).begin();
  await raw.send(optionMessage(OPTION.STARTTLS, []), optionMessage(OPTION.STRUCTURED_REPLY, []));
  await raw.closed;
  expect(rig.told).toContainEqual(expect.stringContaining("sent in the clear"));
});
