import { spawn } from "node:child_process";
import { once } from "node:events";
import { getContainerRuntimeClient } from "testcontainers";
import { afterAll, beforeAll, expect, test } from "vitest";
import { NODE_IMAGE } from "../base-images.ts";
import { dockerCommand } from "../docker-command.ts";
import { ContainerRuntime } from "./container-runtime.ts";
import { type ContainerSpec, httpReady } from "./container-spec.ts";
import { leftoversOf } from "./leftovers.ts";
import { RUN_LABEL } from "./owner.ts";
import type { RunningContainer } from "./running-container.ts";

/** Answers with its number of incarnations, which it keeps in a volume. */
const PROGRAM = `
const fs = require("node:fs");
const file = "/data/starts";
const starts = fs.existsSync(file) ? Number(fs.readFileSync(file, "utf8")) + 1 : 1;
fs.writeFileSync(file, String(starts));
console.log("incarnation", starts);
require("node:http").createServer((_, response) => response.end(String(starts))).listen(8080);
`;

let runtime: ContainerRuntime;
let network: string;

beforeAll(async () => {
  runtime = await ContainerRuntime.connect();
  network = await runtime.network("net");
});

afterAll(async () => {
  await runtime.close();
});

const spec = (name: string, more: Partial<ContainerSpec> = {}): ContainerSpec => ({
  name,
  image: NODE_IMAGE,
  command: ["node", "-e", PROGRAM],
  network,
  ports: [8080],
  ready: httpReady(8080, "/"),
  ...more,
});

/** As somebody else could. */
async function pause(container: RunningContainer): Promise<void> {
  expect((await dockerCommand(["pause", container.id], 20_000)).ok).toBe(true);
}

const answer = async (port: number, waitMs = 5000): Promise<string> => {
  const response = await fetch(`http://127.0.0.1:${port}/`, { signal: AbortSignal.timeout(waitMs) });
  return response.text();
};

test("a killed container starts again on the same volume, even if it was paused", async () => {
  const volume = await runtime.volume("data");
  const container = await runtime.start(spec("worker", { volumes: { "/data": volume } }));
  expect(await answer(container.port(8080))).toBe("1");

  await container.kill();
  expect(await container.state()).toBe("stopped");
  expect(() => container.port(8080)).toThrow("no published port");
  await container.start();
  expect(await answer(container.port(8080))).toBe("2");

  await pause(container);
  expect(await container.state()).toBe("paused");
  await container.kill();
  expect(await container.state()).toBe("stopped");
  expect(await container.logs()).toContain("incarnation 2");

  await container.remove();
  expect(await container.state()).toBe("removed");
  await container.remove();
});

test("a disconnected container is silent, and back with its memory after reconnection", async () => {
  const container = await runtime.start(spec("island", { files: { "/data/starts": "41" } }));
  const port = container.port(8080);
  await runtime.disconnect(container, network);
  await expect(answer(port, 500)).rejects.toThrow("fetch failed");
  expect(await container.state()).toBe("running");
  await runtime.reconnect(container, network);
  expect(await answer(container.port(8080))).toBe("42");
});

test("a container is on the private network alone and published on the loopback address alone", async () => {
  const container = await runtime.start(spec("private", { files: { "/data/starts": "0" } }));
  expect(await container.networks()).toEqual([network]);
  const { container: client } = await getContainerRuntimeClient();
  const { NetworkSettings } = await client.dockerode.getContainer(container.id).inspect();
  const bindings = Object.values(NetworkSettings.Ports).flat();
  expect(bindings.map(({ HostIp }) => HostIp)).toEqual(["127.0.0.1"]);
});

test("a program that ends instead of serving fails the start, with what it said", async () => {
  const command = ["node", "-e", "console.log('no disk here'); process.exit(3)"];
  await expect(runtime.start(spec("broken", { command }))).rejects.toThrow(/exit code 3: .*no disk here/s);
});

test("a program that never serves fails the start", async () => {
  const command = ["node", "-e", "setInterval(() => {}, 1000)"];
  await expect(runtime.start(spec("mute", { command, readyMsMax: 1500 }))).rejects.toThrow("not ready within 1500 ms");
});

test("an image that is not there is a clear error", async () => {
  await expect(runtime.start(spec("imageless", { image: "resilver-none:1" }))).rejects.toThrow(
    "does not exist locally",
  );
});

test("what a crashed harness left is swept at the next start, what a living one uses is not", async () => {
  const module = new URL("container-runtime.ts", import.meta.url).href;
  const code = `
    const { ContainerRuntime } = await import(${JSON.stringify(module)});
    const runtime = await ContainerRuntime.connect();
    const network = await runtime.network("net");
    await runtime.volume("data");
    await runtime.start({ name: "orphan", image: ${JSON.stringify(NODE_IMAGE)}, network, ports: [],
      command: ["sleep", "1000"], ready: async () => true });
    process.stdout.write(runtime.runId);
    await new Promise((resolve) => setTimeout(resolve, 600_000));`;
  const flags = ["--disable-warning=ExperimentalWarning", "--input-type=module", "-e", code];
  const child = spawn(process.execPath, flags, { stdio: ["ignore", "pipe", "inherit"] });
  const [runId] = (await once(child.stdout, "data")) as [Buffer];
  const ended = once(child, "exit");

  await ContainerRuntime.connect();
  expect((await leftoversOfRun(String(runId))).sort()).toEqual(["container", "network", "volume"]);
  child.kill("SIGKILL");
  await ended;
  await ContainerRuntime.connect();
  expect(await leftoversOfRun(String(runId))).toEqual([]);
  expect((await runtime.leftovers()).length).toBeGreaterThan(0);
});

async function leftoversOfRun(runId: string): Promise<string[]> {
  const { container } = await getContainerRuntimeClient();
  const found = await leftoversOf(container.dockerode, `${RUN_LABEL}=${runId}`);
  return found.map(({ kind }) => kind);
}

test("after its end nothing is left of a run, even of one that is paused", async () => {
  const other = await ContainerRuntime.connect();
  const privateNetwork = await other.network("net");
  await other.volume("data");
  const container = await other.start(spec("last", { network: privateNetwork, files: { "/data/starts": "0" } }));
  await pause(container);
  expect((await other.leftovers()).map(({ kind, state }) => `${kind} ${state}`.trim())).toEqual([
    "container paused",
    "network",
    "volume",
  ]);
  await other.close();
  expect(await other.leftovers()).toEqual([]);
});
