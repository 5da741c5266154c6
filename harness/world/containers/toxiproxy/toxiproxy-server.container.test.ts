import { afterAll, beforeAll, expect, test } from "vitest";
import { NODE_IMAGE } from "../base-images.ts";
import { ContainerRuntime } from "../runtime/container-runtime.ts";
import { httpReady } from "../runtime/container-spec.ts";
import type { RunningContainer } from "../runtime/running-container.ts";
import { ProxiedLink } from "./proxied-link.ts";
import { ToxiproxyServer } from "./toxiproxy-server.ts";

/** Listens on 7000, and dials whatever address it is asked to by HTTP: what becomes of it? */
const PROGRAM = `
const net = require("node:net");
net.createServer((socket) => socket.on("error", () => {}).end("hello")).listen(7000);
require("node:http").createServer((request, response) => {
  const { searchParams } = new URL(request.url, "http://x");
  if (!searchParams.has("host")) return response.end("ready");
  const socket = net.connect({ host: searchParams.get("host"), port: Number(searchParams.get("port")) });
  let heard = "";
  socket.on("data", (bytes) => (heard += bytes));
  socket.on("error", (error) => response.end(error.code));
  socket.on("end", () => response.end(heard === "" ? "nothing" : heard));
}).listen(8080);
`;

let runtime: ContainerRuntime;
let toxiproxy: ToxiproxyServer;
let nodes: Readonly<Record<"a" | "b", RunningContainer>>;

beforeAll(async () => {
  runtime = await ContainerRuntime.connect();
  const network = await runtime.network("net");
  const node = (name: string): Promise<RunningContainer> =>
    runtime.start({
      name,
      image: NODE_IMAGE,
      command: ["node", "-e", PROGRAM],
      network,
      ports: [8080],
      ready: httpReady(8080, "/"),
    });
  const [server, a, b] = await Promise.all([ToxiproxyServer.start(runtime, network), node("a"), node("b")]);
  toxiproxy = server;
  nodes = { a, b };
});

afterAll(async () => {
  await runtime.close();
});

async function dial(from: RunningContainer, host: string, port: number): Promise<string> {
  const url = `http://127.0.0.1:${from.port(8080)}/?host=${host}&port=${port}`;
  return (await fetch(url, { signal: AbortSignal.timeout(10_000) })).text();
}

test("inside the network a cut is a refusal, and nothing gets past the proxy by its address", async () => {
  const { api, container } = toxiproxy;
  const { a, b } = nodes;
  const link = await ProxiedLink.create({ api, name: "ab", listen: "0.0.0.0:9000", upstream: `${b.address}:7000` });
  expect(await dial(a, container.address, 9000)).toBe("hello");
  await link.disable();
  // Through a published port it would be a connection that ends at once.
  expect(await dial(a, container.address, 9000)).toBe("ECONNREFUSED");
  await link.enable();
  expect(await dial(a, container.address, 9000)).toBe("hello");
  for (const each of [a, b, container]) expect(await each.networks()).toHaveLength(1);
});

test("a killed peer is an end of the connection at the other side of the proxy", async () => {
  const { api, container } = toxiproxy;
  const { a, b } = nodes;
  await ProxiedLink.create({ api, name: "killed", listen: "0.0.0.0:9001", upstream: `${b.address}:7000` });
  await b.kill();
  expect(await dial(a, container.address, 9001)).toBe("nothing");
  await b.start();
  expect(await dial(a, container.address, 9001)).toBe("hello");
});
