import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { NODE_IMAGE, TOXIPROXY_IMAGE, TOXIPROXY_VERSION } from "../base-images.ts";
import { proveHealed, unhealed } from "../heal-proof.ts";
import { dockerCommand } from "../docker-command.ts";
import { ContainerRuntime } from "../runtime/container-runtime.ts";
import { httpReady } from "../runtime/container-spec.ts";
import type { RunningContainer } from "../runtime/running-container.ts";
import { ProxiedLink } from "./proxied-link.ts";
import { ToxiproxyApi } from "./toxiproxy-api.ts";

/** Port 7000 sends back what it gets, port 7001 never reads. */
const PEERS = `
const net = require("node:net");
net.createServer((socket) => socket.on("error", () => {}).pipe(socket)).listen(7000);
net.createServer((socket) => socket.on("error", () => {}).pause()).listen(7001);
require("node:http").createServer((_, response) => response.end("ok")).listen(8080);
`;

let runtime: ContainerRuntime;
let toxiproxy: RunningContainer;
let peers: RunningContainer;
let api: ToxiproxyApi;

beforeAll(async () => {
  runtime = await ContainerRuntime.connect();
  const network = await runtime.network("net");
  const command = ["node", "-e", PEERS];
  const common = { network, ready: httpReady(8080, "/") };
  [peers, toxiproxy] = await Promise.all([
    runtime.start({ ...common, name: "peers", image: NODE_IMAGE, command, ports: [8080] }),
    // The proxies' own ports are published only here, so that the test can be their client.
    runtime.start({
      ...common,
      name: "toxiproxy",
      image: TOXIPROXY_IMAGE,
      ports: [8474, 9000, 9001],
      ready: httpReady(8474, "/version"),
    }),
  ]);
  api = new ToxiproxyApi(`http://127.0.0.1:${toxiproxy.port(8474)}`, 1500);
});

afterAll(async () => {
  await runtime.close();
});

/** `once` would fail at the error that may come first. */
function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    socket.once("close", () => resolve());
  });
}

function client(containerPort: number): Socket {
  const socket = connect(toxiproxy.port(containerPort), "127.0.0.1");
  socket.on("error", () => {});
  return socket;
}

test("the server is the version that the simulated network follows", async () => {
  expect(await api.version()).toBe(TOXIPROXY_VERSION);
});

test("a refusal says what the server answered", async () => {
  await expect(api.removeToxic("nothing", "here")).rejects.toThrow(/status 404, .*proxy not found/);
  await expect(api.create("a/b", "0.0.0.0:9000", "x:1")).rejects.toThrow("a/b");
});

test("toxics, cuts and what is left of them are seen from outside", async () => {
  const world = {
    runtime,
    toxiproxy: api,
    machines: [],
    stays: new Set((await runtime.leftovers()).map(({ name }) => name)),
  };
  await proveHealed(world);
  const link = await ProxiedLink.create({
    api,
    name: "echo",
    listen: "0.0.0.0:9000",
    upstream: `${peers.address}:7000`,
  });
  const socket = client(9000);
  socket.write("hello");
  expect(String((await once(socket, "data"))[0])).toBe("hello");

  await link.addToxic("slow", "upstream", { type: "latency", latencyMs: 150 });
  const beganMs = performance.now();
  socket.write("again");
  await once(socket, "data");
  expect(performance.now() - beganMs).toBeGreaterThan(140);

  const ended = closed(socket);
  await link.disable();
  await ended;
  expect(await unhealed(world)).toEqual(["proxy echo is disabled", "proxy echo has the toxic slow (latency)"]);
  await expect(proveHealed(world)).rejects.toThrow("NOT_HEALED");

  await link.reset();
  await dockerCommand(["pause", peers.id], 20_000);
  const stray = await runtime.volume("stray");
  expect(await unhealed(world)).toEqual([`container ${peers.address} is paused`, `volume ${stray} is left`]);
  await dockerCommand(["unpause", peers.id], 20_000);
  await proveHealed({ ...world, stays: new Set([...world.stays, stray]) });
  expect(link.replacements).toBe(0);
  await link.remove();
});

test("what a toxic held back on a connection that was cut does not keep the link from being healed", async () => {
  const link = await ProxiedLink.create({
    api,
    name: "held",
    listen: "0.0.0.0:9000",
    upstream: `${peers.address}:7000`,
  });
  await link.addToxic("hold", "upstream", { type: "latency", latencyMs: 3_600_000 });
  const socket = client(9000);
  await once(socket, "connect");
  // Apart, or they would be held as one piece.
  for (let piece = 0; piece < 5; piece++) {
    socket.write("held");
    await sleep(20);
  }
  const ended = closed(socket);
  await link.disable();
  await ended;
  await link.enable();
  await link.removeToxic("hold");
  expect(link.replacements).toBe(0);
  const again = client(9000);
  again.write("hello");
  expect(String((await once(again, "data"))[0])).toBe("hello");
  await link.remove();
});

test("a change that hangs before a stalled receiver ends with a new proxy that is as it should be", async () => {
  let told = 0;
  const link = await ProxiedLink.create({
    api,
    name: "stalled",
    listen: "0.0.0.0:9001",
    upstream: `${peers.address}:7001`,
    onReplaced: () => void told++,
  });
  const socket = client(9001);
  const ended = closed(socket);
  const piece = Buffer.alloc(1 << 20);
  // Until nobody takes more: the buffers of the receiver and of everything before it are full.
  for (let quietMs = 0, takenBytes = -1; quietMs < 600; quietMs += 20) {
    const nowBytes = socket.bytesWritten - socket.writableLength;
    if (nowBytes > takenBytes) quietMs = 0;
    takenBytes = nowBytes;
    if (socket.writableLength < piece.length) socket.write(piece);
    await sleep(20);
  }
  await link.addToxic("slow", "upstream", { type: "latency", latencyMs: 10 });
  await link.disable();
  expect([link.replacements, told]).toEqual([1, 1]);
  await ended;
  const { enabled, toxics } = await api.proxy("stalled");
  expect([enabled, toxics.map(({ name, type }) => `${name} ${type}`)]).toEqual([false, ["slow latency"]]);
  await link.remove();
  expect((await api.proxies()).map(({ name }) => name)).toEqual([]);
});
