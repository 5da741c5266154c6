import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { NbdClient } from "../nbd/client.ts";
import { type DaemonProcess, scratchFolder, startProcess } from "./daemon-process.fixture.ts";
import { NbdWriters } from "./nbd-writers.fixture.ts";

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
  /** Starts one again on its disks. */
  again(name: "a" | "b"): Promise<DaemonProcess>;
}

async function mirrored(mode: "sync" | "async"): Promise<Mirrored> {
  const folder = scratchFolder();
  const configB = (port: number) => configOf("b", "svol", [{ name: "link", peer: "a", role: "listen", host, port }]);
  const b = await startProcess(folder, configB(0));
  const port = b.linkPorts.get("link") ?? 0;
  const configA = configOf("a", "pvol", [{ name: "link", peer: "b", role: "dial", host, port }]);
  const a = await startProcess(folder, configA);
  await a.client.execute({ kind: "create", pair: "pair", volume: "pvol", link: "link", peerVolume: "svol", mode });
  await reached(a, "DUPLEX");
  return { folder, a, b, again: (name) => startProcess(folder, name === "a" ? configA : configB(port)) };
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

test.for(["a", "b"] as const)(
  "SIGKILL of %s under writes, three times: nothing that was acknowledged is lost, and the ends meet again",
  { timeout: 120_000 },
  async (victim) => {
    const { folder, again, ...started } = await mirrored("sync");
    const running = { a: started.a, b: started.b };
    const writers = new NbdWriters(SIZE_BYTES / 512);
    for (let round = 1; round <= 3; round++) {
      const client = await attach(running.a, "pvol");
      const enough = writers.acknowledged + 500;
      let killed: Promise<number> | undefined;
      const written = writers.write(client, 16, (count) => {
        // Without the secondary the writers go on alone for a while.
        if (count === enough) killed = running[victim].end("SIGKILL");
        if (victim === "b" && count === enough + 500) client.destroy();
      });
      await written;
      expect(await killed).toBe(-1);
      running[victim] = await again(victim);
      await reached(running.a, "DUPLEX");
      const reader = await attach(running.a, "pvol");
      expect(writers.wrong(await reader.read(0, SIZE_BYTES))).toEqual([]);
      await reader.disconnect();
    }
    expect(writers.acknowledged).toBeGreaterThanOrEqual(1500);
    for (const daemon of [running.a, running.b]) expect(await daemon.end("SIGTERM")).toBe(0);
    expect(contents(folder, "pvol").equals(contents(folder, "svol"))).toBe(true);
    expect(writers.wrong(contents(folder, "svol"))).toEqual([]);
  },
);

test("a stop under writes answers what was asked, and leaves nothing to copy", { timeout: 60_000 }, async () => {
  const { a, b, again } = await mirrored("async");
  const writers = new NbdWriters(SIZE_BYTES / 512);
  const client = await attach(a, "pvol");
  let stopped: Promise<number> | undefined;
  await writers.write(client, 16, (count) => {
    if (count === 300) stopped = a.end("SIGTERM");
  });
  expect(await stopped).toBe(0);
  const anew = await again("a");
  await reached(anew, "DUPLEX");
  const copied = anew.log.filter((line) => line.includes('"resync.copied"'));
  expect(copied).toEqual([]);
  const reader = await attach(anew, "pvol");
  expect(writers.wrong(await reader.read(0, SIZE_BYTES))).toEqual([]);
  expect(await anew.end("SIGINT")).toBe(0);
  expect(await b.end("SIGTERM")).toBe(0);
});

test("a second engine on the same disks is refused, and says so in one line", async () => {
  const folder = scratchFolder();
  const config = configOf("a", "pvol", []);
  const first = await startProcess(folder, config);
  await expect(startProcess(folder, config)).rejects.toThrow(/ended with 254:[^]*DISK_IN_USE .*pvol\.img/);
  expect(await first.end("SIGTERM")).toBe(0);
});

test("metadata that cannot be believed is no empty table: the engine does not start", async () => {
  const folder = scratchFolder();
  const config = configOf("a", "pvol", []);
  expect(await (await startProcess(folder, config)).end("SIGTERM")).toBe(0);
  writeFileSync(join(folder, "a.meta"), Buffer.alloc(256 * 1024, 0xa5));
  await expect(startProcess(folder, config)).rejects.toThrow(/ended with 1:[^]*META_CORRUPT/);
});

test("a bug of ours ends the engine at once, with a line that says so, and costs nothing that was acknowledged", async () => {
  const folder = scratchFolder();
  const config = configOf("a", "pvol", []);
  const first = await startProcess(folder, config);
  const client = await attach(first, "pvol");
  await client.write(0, Buffer.alloc(512, 5), { fua: true });
  expect(await first.end("SIGUSR2")).toBe(255);
  expect(JSON.parse(first.log.at(-1) ?? "")).toMatchObject({
    level: 60,
    msg: expect.stringContaining("please report it"),
    err: { message: "a planted bug", stack: expect.any(String) },
  });
  const second = await startProcess(folder, config);
  expect((await (await attach(second, "pvol")).read(0, 512))[511]).toBe(5);
  expect(await second.end("SIGTERM")).toBe(0);
});
