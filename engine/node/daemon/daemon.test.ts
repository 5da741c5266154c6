import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { NbdClient } from "../nbd/client.ts";
import { type DaemonProcess, scratchFolder, startProcess } from "./daemon-process.fixture.ts";

const SIZE_BYTES = 1024 * 1024;

function configOf(name: string, volume: string, links: readonly object[]) {
  return {
    name,
    volumes: [{ name: volume, disk: `file:${volume}.img`, size: SIZE_BYTES, create: true }],
    meta: { disk: `file:${name}.meta`, size: "256 KiB", create: true },
    links,
  };
}

const host = "127.0.0.1";

async function attach({ nbdPort }: DaemonProcess, exportName: string, contexts: readonly string[] = []) {
  const client = await NbdClient.connect({ host, port: nbdPort, exportName, contexts });
  onTestFinished(() => client.destroy());
  return client;
}

interface Mirrored {
  readonly folder: string;
  readonly a: DaemonProcess;
  readonly b: DaemonProcess;
}

async function mirrored(mode: "sync" | "async"): Promise<Mirrored> {
  const folder = scratchFolder();
  const b = await startProcess(
    folder,
    configOf("b", "svol", [{ name: "link", peer: "a", role: "listen", host, port: 0 }]),
  );
  const port = b.linkPorts.get("link");
  const a = await startProcess(folder, configOf("a", "pvol", [{ name: "link", peer: "b", role: "dial", host, port }]));
  await a.client.execute({ kind: "create", pair: "pair", volume: "pvol", link: "link", peerVolume: "svol", mode });
  await reached(a, "DUPLEX");
  return { folder, a, b };
}

/** Settles when the pair has the status. */
async function reached({ client }: DaemonProcess, status: string): Promise<void> {
  for await (const item of client.events())
    if (item.kind === "status" && item.status.pairs.some((pair) => pair.status === status)) return;
  throw new Error(`the engine ended before ${status}`);
}

const contents = (folder: string, volume: string): Buffer => readFileSync(join(folder, `${volume}.img`));

test("two daemons mirror a volume: what a host writes is in both files, and both stop clean", async () => {
  const { folder, a, b } = await mirrored("sync");
  const client = await attach(a, "pvol");
  const data = Buffer.alloc(64 * 1024, 7);
  await client.write(0, data);
  await client.write(SIZE_BYTES - 512, data.subarray(0, 512), { fua: true });
  await client.writeZeroes(4096, 4096);
  await client.flush();
  expect(Buffer.compare(await client.read(0, 512), data.subarray(0, 512))).toBe(0);
  await client.disconnect();

  expect(await a.end("SIGTERM")).toBe(0);
  expect(await b.end("SIGTERM")).toBe(0);
  const [primary, secondary] = [contents(folder, "pvol"), contents(folder, "svol")];
  expect(primary.equals(secondary)).toBe(true);
  expect(primary.subarray(SIZE_BYTES - 512).every((byte) => byte === 7)).toBe(true);
  expect(primary.subarray(4096, 8192).every((byte) => byte === 0)).toBe(true);
});
