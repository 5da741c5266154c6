import { request as httpRequest } from "node:http";
import { expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import { EngineError } from "../../errors.ts";
import { type TwoSystems, twoSystems } from "../../testing/two-systems.node.ts";
import { ControlClient, RefusedError } from "./client.ts";
import type { ControlHost } from "./control-host.ts";
import { type ControlServer, startControlServer } from "./control-server.ts";
import { FEED_STEPS_MAX, type FeedItem } from "./event-feed.ts";
import { EventHub } from "./event-hub.ts";
import { Metrics } from "./metrics.ts";
import { statusOf } from "./status.ts";

const TOKEN = "a-token-for-tests-0123456789";
const SIZE_BYTES = 256 * 1024;
const TRACK_BYTES = 8192;

interface Rig extends TwoSystems {
  readonly host: { -readonly [K in keyof ControlHost]: ControlHost[K] };
  readonly server: ControlServer;
  readonly url: string;
  readonly client: ControlClient;
  readonly failures: unknown[];
}

/** The API of system `a`, over real HTTP; its time passes while `run` waits. */
async function rigOf(): Promise<Rig> {
  const systems = await twoSystems(SIZE_BYTES, TRACK_BYTES);
  const { system, runtime } = systems.a;
  const failures: unknown[] = [];
  const status = () => statusOf(system, "1.2.3", runtime.clock.monotonicNs());
  const events = new EventHub();
  events.status = status;
  const metrics = new Metrics();
  metrics.status = status;
  const host: Rig["host"] = {
    phase: "ready",
    system,
    version: "1.2.3",
    events,
    metrics,
    nowNs: () => runtime.clock.monotonicNs(),
    fail: (error) => failures.push(error),
  };
  const server = await startControlServer({
    host,
    token: TOKEN,
    commandTimeoutMs: 2_000,
    address: "127.0.0.1",
    port: 0,
  });
  onTestFinished(() => server.close());
  const url = `http://127.0.0.1:${server.port}`;
  return { ...systems, host, server, url, client: new ControlClient({ url, token: TOKEN }), failures };
}

const create = {
  kind: "create",
  pair: "pair",
  volume: "pvol",
  link: "link",
  peerVolume: "svol",
  mode: "async",
} as const;

async function mirrored(): Promise<Rig> {
  const rig = await rigOf();
  await rig.run(rig.client.execute(create));
  await rig.until(() => rig.a.system.pair("pair")?.entry.status === "DUPLEX");
  return rig;
}

async function refusalOf(work: Promise<unknown>): Promise<RefusedError> {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof RefusedError)) throw new Error("expected a refusal", { cause: error });
  return error;
}

/** What is answered, whatever it is. */
async function ask(url: string, init: RequestInit = {}, token = TOKEN) {
  const headers = new Headers(init.headers);
  headers.set("authorization", `Bearer ${token}`);
  const response = await fetch(url, { ...init, headers });
  const text = await response.text();
  return { status: response.status, text, headers: response.headers };
}

const posted = (body: string): RequestInit => ({
  method: "POST",
  body,
  headers: { "content-type": "application/json" },
});

test("the status tells of volumes, links and pairs; a command makes one", async () => {
  const rig = await mirrored();
  const status = await rig.client.status();
  expect(status).toMatchObject({
    system: "a",
    boot: 1,
    version: "1.2.3",
    volumes: [
      { volume: "pvol", sizeBytes: SIZE_BYTES, trackBytes: TRACK_BYTES, access: "read-write", reservedFor: "" },
    ],
    links: [{ link: "link", peer: "b", role: "dial", up: true }],
    images: [],
    journals: [],
    restores: [],
  });
  expect(status.pairs).toMatchObject([
    { pair: "pair", copyType: "remote", role: "primary", status: "DUPLEX", mode: "async", peerVolume: "svol" },
  ]);
});

test("changes that the other end lacks are pending, and the lag counts them", async () => {
  const rig = await mirrored();
  rig.cut();
  await rig.until(() => rig.a.system.pair("pair")?.entry.status === "SPLIT");
  const device = rig.a.system.device("pvol");
  for (const track of [3, 4, 5, 9]) await rig.run(device.write(track * TRACK_BYTES, new Uint8Array(512).fill(1)));
  let rounds = 0;
  await rig.until(() => rounds++ === 5);

  expect(await rig.client.pending("pair")).toEqual({
    trackBytes: TRACK_BYTES,
    trackCount: SIZE_BYTES / TRACK_BYTES,
    runs: [
      [3, 3],
      [9, 1],
    ],
  });
  const behind = (await rig.client.status()).pairs[0];
  expect(behind?.pendingTracks).toBe(4);
  expect(behind?.lag?.writes).toBe(4);
  expect(behind?.lag?.seconds).toBeCloseTo(0.5);

  rig.heal();
  await rig.until(() => rig.a.system.pair("pair")?.entry.status === "DUPLEX");
  expect((await rig.client.status()).pairs[0]?.lag).toEqual({ writes: 0, seconds: 0 });
});

test("a side that was overwritten is behind nobody", async () => {
  const rig = await mirrored();
  await rig.run(rig.client.execute({ kind: "split", pair: "pair", secondary: "read-write" }));
  for (const { system, volume } of [
    { system: rig.a.system, volume: "pvol" },
    { system: rig.b.system, volume: "svol" },
  ])
    await rig.run(system.device(volume).write(0, new Uint8Array(512).fill(1)));
  expect((await rig.client.status()).pairs[0]?.lag?.writes).toBe(1);
  await rig.run(rig.client.execute({ kind: "resync", pair: "pair", direction: "reverse" }));
  await rig.until(() => rig.a.system.pair("pair")?.entry.status === "DUPLEX");
  expect((await rig.client.status()).pairs[0]?.lag).toEqual({ writes: 0, seconds: 0 });
});

test("the tracks of a pair can be asked for from one on", async () => {
  const rig = await mirrored();
  await rig.run(rig.client.execute({ kind: "split", pair: "pair", secondary: "read-only" }));
  const device = rig.a.system.device("pvol");
  for (const track of [3, 4, 9]) await rig.run(device.write(track * TRACK_BYTES, new Uint8Array(512).fill(1)));
  const { text } = await ask(`${rig.url}/v1/pairs/pair/pending?from=4`);
  expect(JSON.parse(text)).toMatchObject({
    runs: [
      [4, 1],
      [9, 1],
    ],
  });
  expect(await ask(`${rig.url}/v1/pairs/pair/pending?from=-1`)).toMatchObject({ status: 400 });
});

test("a refusal tells what the engine says, with the remedy", async () => {
  const rig = await mirrored();
  const refused = await refusalOf(rig.run(rig.client.execute({ kind: "takeover", pair: "nobody" })));
  expect(refused).toMatchObject({
    httpStatus: 404,
    code: "PAIR_UNKNOWN",
    context: { pair: "nobody" },
    remedy: new EngineError("PAIR_UNKNOWN", { pair: "nobody" }).remedy,
  });
  const again = await refusalOf(rig.run(rig.client.execute(create)));
  expect(again).toMatchObject({ httpStatus: 409, code: "PAIR_EXISTS" });
  expect((await refusalOf(rig.client.pending("nobody"))).code).toBe("PAIR_UNKNOWN");
  expect((await refusalOf(rig.client.restoreTracks("pvol", "left"))).code).toBe("RESTORE_UNKNOWN");
  expect(rig.failures).toEqual([]);
});

test.for([
  ["no JSON", "{", 400, "MALFORMED"],
  ["an unknown command", '{"kind":"explode","pair":"pair"}', 400, "MALFORMED"],
  ["a field too many", '{"kind":"takeover","pair":"pair","now":true}', 400, "MALFORMED"],
  ["a field too few", '{"kind":"split","pair":"pair"}', 400, "MALFORMED"],
  ["a command between systems", '{"kind":"offer-moment","pair":"pair","journalId":1,"lsn":1}', 400, "MALFORMED"],
  ["a body of 100 KB", JSON.stringify({ kind: "takeover", pair: "x".repeat(100_000) }), 413, "BODY_TOO_LARGE"],
] as const)("refused: %s", async ([, body, status, code]) => {
  const rig = await rigOf();
  const answer = await ask(`${rig.url}/v1/commands`, posted(body));
  expect(answer.status).toBe(status);
  expect(JSON.parse(answer.text)).toMatchObject({ code, remedy: expect.stringMatching(/./) });
  expect(rig.failures).toEqual([]);
});

test("a body without an end is cut off", async () => {
  const rig = await rigOf();
  const status = await new Promise<number | undefined>((resolve, reject) => {
    const headers = { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" };
    const sent = httpRequest(`${rig.url}/v1/commands`, { method: "POST", headers }, (response) => {
      response.resume();
      resolve(response.statusCode);
      sent.destroy();
    });
    sent.on("error", reject);
    // Chunked: no length is told beforehand.
    for (let chunk = 0; chunk < 20; chunk++) sent.write(" ".repeat(10_000));
  });
  expect(status).toBe(413);
});

test.for(["", "wrong", `${TOKEN}x`, TOKEN.slice(1)])("the token %j opens nothing", async (token) => {
  const rig = await rigOf();
  for (const path of ["/v1/status", "/v1/pairs/x/pending", "/v1/restores/x/left", "/v1/events", "/metrics", "/v1/x"]) {
    const answer = await ask(`${rig.url}${path}`, {}, token);
    expect(answer.status).toBe(401);
    expect(answer.headers.get("www-authenticate")).toBe("Bearer");
    expect(JSON.parse(answer.text)).toMatchObject({ code: "UNAUTHORIZED" });
  }
  expect(await ask(`${rig.url}/v1/commands`, posted("{}"), token)).toMatchObject({ status: 401 });
});

test("health and readiness need no token; commands wait for readiness", async () => {
  const rig = await rigOf();
  expect(await ask(`${rig.url}/healthz`, {}, "")).toMatchObject({ status: 200 });
  expect(await rig.client.isReady()).toBe(true);
  rig.host.phase = "starting";
  expect(await ask(`${rig.url}/healthz`, {}, "")).toMatchObject({ status: 200 });
  expect(await ask(`${rig.url}/readyz`, {}, "")).toMatchObject({ status: 503, text: "starting\n" });
  expect(await rig.client.isReady()).toBe(false);
  expect(await refusalOf(rig.client.status())).toMatchObject({ httpStatus: 503, code: "NOT_READY" });
});

test("a command that takes too long is said to go on", async () => {
  const rig = await rigOf();
  const asked = rig.client.execute(create);
  // No time passes for the engine.
  rig.cut();
  expect(await refusalOf(asked)).toMatchObject({ httpStatus: 504, code: "STILL_RUNS" });
});

test("a bug of ours is told to whoever runs the engine, not to the caller", async () => {
  const rig = await rigOf();
  const bug = new Error("a secret of the engine");
  rig.host.metrics.status = () => {
    throw bug;
  };
  const answer = await ask(`${rig.url}/metrics`);
  expect(answer.status).toBe(500);
  expect(answer.text).not.toContain("secret");
  expect(rig.failures).toEqual([bug]);
});

test("metrics: pending tracks, lag, status, link, and what hosts did", async () => {
  const rig = await mirrored();
  rig.host.metrics.tally("pvol").served("write", 4096);
  rig.host.metrics.tally("pvol").failed("read");
  rig.host.metrics.clients = () => 2;
  const labels = 'pair="pair",volume="pvol",role="primary"';
  const { sentBytes } = rig.a.system.pair("pair")?.traffic ?? {};
  const [link] = rig.a.system.links();
  expect((await rig.client.metrics()).split("\n")).toEqual(
    expect.arrayContaining([
      `resilver_pair_pending_tracks{${labels}} 0`,
      `resilver_pair_lag_writes{${labels}} 0`,
      `resilver_pair_status{${labels},status="DUPLEX"} 1`,
      `resilver_pair_status{${labels},status="SPLIT"} 0`,
      'resilver_link_up{link="link",peer="b"} 1',
      'resilver_host_bytes_total{volume="pvol",operation="write"} 4096',
      'resilver_host_failures_total{volume="pvol",operation="read"} 1',
      "resilver_nbd_clients 2",
      `resilver_pair_traffic_bytes_total{${labels},direction="sent"} ${sentBytes}`,
      `resilver_link_traffic_bytes_total{link="link",peer="b",direction="received"} ${link?.receivedBytes}`,
    ]),
  );
});

// --- events ---------------------------------------------------------------------------------------

const stepOf = (n: number) => ({ n, atNs: n, name: "some.step", fields: { pair: "pair", n } });

async function take(feed: AsyncIterator<FeedItem>, enough: (items: readonly FeedItem[]) => boolean) {
  const items: FeedItem[] = [];
  while (!enough(items)) {
    const { value, done } = await feed.next();
    if (done === true) throw new Error("the stream ended");
    items.push(value);
  }
  return items;
}

test("events: the status first, then every step, and the status again when it has changed", async () => {
  const rig = await mirrored();
  const events = rig.client.events();
  const [first] = await take(events, (items) => items.length === 1);
  expect(first).toMatchObject({ kind: "status", status: { pairs: [{ status: "DUPLEX" }] } });
  rig.host.events.step(stepOf(0));
  rig.host.events.step(stepOf(1));
  await rig.run(rig.client.execute({ kind: "split", pair: "pair", secondary: "read-only" }));
  const seen = await take(events, (items) =>
    items.some((item) => item.kind === "status" && item.status.pairs[0]?.status === "SPLIT"),
  );
  expect(seen.flatMap((item) => (item.kind === "step" ? item.step : []))).toEqual([stepOf(0), stepOf(1)]);
  await events.return();
});

test("events: a listener that comes back gets what it missed, as far as it is kept", async () => {
  const rig = await rigOf();
  for (let n = 0; n < 10_000; n++) rig.host.events.step(stepOf(n));
  const near = rig.client.events({ after: 9_997 });
  const steps = await take(near, (items) => items.length === 2);
  expect(steps.map((item) => item.kind === "step" && item.step.n)).toEqual([9_998, 9_999]);
  await near.return();
  const far = rig.client.events({ after: 10 });
  expect(await take(far, (items) => items.length === 2)).toMatchObject([
    { kind: "lagged", dropped: 10_000 - 4096 - 11 },
    { kind: "step", step: { n: 10_000 - 4096 } },
  ]);
  await far.return();
});

test("events: a listener that does not keep up is told how many steps it lost, and memory stays bounded", async () => {
  const rig = await rigOf();
  const events = rig.client.events();
  await take(events, (items) => items.length === 1);
  const total = 20 * FEED_STEPS_MAX;
  for (let n = 0; n < total; n++) rig.host.events.step(stepOf(n));
  const items = await take(events, (seen) => seen.some((item) => item.kind === "step" && item.step.n === total - 1));
  const steps = items.filter((item) => item.kind === "step").length;
  const lost = items.reduce((sum, item) => sum + (item.kind === "lagged" ? item.dropped : 0), 0);
  expect(lost).toBeGreaterThan(0);
  expect(steps + lost).toBe(total);
  await events.return();
});

test("events: too many listeners are refused, and those that leave make room", async () => {
  const rig = await rigOf();
  const open = Array.from({ length: 32 }, () => rig.client.events());
  for (const events of open) await take(events, (items) => items.length === 1);
  const refused = await refusalOf(rig.client.events().next());
  expect(refused).toMatchObject({ httpStatus: 429, code: "TOO_MANY_LISTENERS" });
  for (const events of open) await events.return();
  await expect.poll(() => rig.host.events.listeners).toBe(0);
});

test("closing ends the streams", async () => {
  const rig = await rigOf();
  const events = rig.client.events();
  await take(events, (items) => items.length === 1);
  const closed = rig.server.close();
  await expect(take(events, () => false)).rejects.toThrow("the stream ended");
  await closed;
  expect(await rig.client.isReady()).toBe(false);
});

// --- the document ----------------------------------------------------------------------------------

const documentSchema = z.object({
  openapi: z.literal("3.1.0"),
  paths: z.record(
    z.string().startsWith("/"),
    z.record(
      z.string().regex(/^(?:get|post)$/),
      z.object({
        summary: z.string(),
        responses: z.record(z.string().regex(/^\d{3}$/), z.object({ description: z.string() })),
      }),
    ),
  ),
  components: z.object({
    schemas: z.record(z.string(), z.object({})),
    securitySchemes: z.object({ token: z.object({ type: z.literal("http"), scheme: z.literal("bearer") }) }),
  }),
});

test("the OpenAPI document has every route, and all that it refers to", async () => {
  const rig = await rigOf();
  const { text } = await ask(`${rig.url}/openapi.json`, {}, "");
  const { paths, components } = documentSchema.parse(JSON.parse(text));
  expect(Object.entries(paths).map(([path, methods]) => `${Object.keys(methods).join()} ${path}`)).toEqual([
    "get /healthz",
    "get /readyz",
    "get /metrics",
    "get /v1/status",
    "get /v1/pairs/{name}/pending",
    "get /v1/restores/{volume}/{set}",
    "post /v1/commands",
    "get /v1/events",
  ]);
  const referred = [...text.matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)].map(([, name]) => name);
  expect(new Set(referred)).toEqual(new Set(Object.keys(components.schemas)));
});
