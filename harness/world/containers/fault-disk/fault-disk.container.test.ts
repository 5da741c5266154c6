import { afterAll, expect, test } from "vitest";
import { NODE_IMAGE } from "../base-images.ts";
import { ContainerRuntime } from "../runtime/container-runtime.ts";
import { httpReady } from "../runtime/container-spec.ts";
import { startFaultDisk } from "./start-fault-disk.ts";

/** Dials whatever it is asked to by HTTP, and answers with the first 8 bytes that it hears. */
const DIALER = `
const net = require("node:net");
require("node:http").createServer((request, response) => {
  const { searchParams } = new URL(request.url, "http://x");
  if (!searchParams.has("host")) return response.end("ready");
  const socket = net.connect({ host: searchParams.get("host"), port: Number(searchParams.get("port")) });
  socket.on("error", (error) => response.end(error.code));
  socket.once("data", (bytes) => (response.end(bytes.subarray(0, 8)), socket.destroy()));
}).listen(8080);
`;

let runtime: ContainerRuntime | undefined;

afterAll(async () => {
  await runtime?.close();
});

test("the fault disk serves disks to its network, power taken and given back, until it is closed", async () => {
  runtime = await ContainerRuntime.connect();
  const network = await runtime.network("net");
  const [{ container, client }, dialer] = await Promise.all([
    startFaultDisk(runtime, network),
    runtime.start({
      name: "dialer",
      image: NODE_IMAGE,
      command: ["node", "-e", DIALER],
      network,
      ports: [8080],
      ready: httpReady(8080, "/"),
    }),
  ]);
  const port = await client.create({ name: "a/pvol", group: "a", sizeBytes: 1 << 30, seed: 1 });
  const dial = async (): Promise<string> =>
    (await fetch(`http://127.0.0.1:${dialer.port(8080)}/?host=${container.address}&port=${port}`)).text();
  expect(await dial()).toBe("NBDMAGIC");
  await client.powerOff("a");
  expect(await dial()).toBe("ECONNREFUSED");
  await client.powerOn("a");
  expect(await dial()).toBe("NBDMAGIC");
  expect(await client.state("a/pvol")).toMatchObject({ sizeBytes: 1 << 30, allocated: [], damage: [] });
  await client.reset();
  expect(await dial()).toBe("ECONNREFUSED");
  expect(await container.stop(5000)).toBe(0);
});
