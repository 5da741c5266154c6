import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { diskConformance } from "../../ports/disk.conformance.ts";
import { makeKeys } from "../keys/make-keys.ts";
import { NbdClient } from "./client.ts";
import type { NbdClientTls } from "./client-handshake.ts";
import { NbdDisk } from "./nbd-disk.ts";
import { NbdError } from "./nbd-error.ts";

const MIB = 1024 * 1024;
const HOST = "127.0.0.1";
const folder = mkdtempSync(join(tmpdir(), "resilver-nbd-"));
const running = new Set<ChildProcess>();

afterEach(async () => {
  await Promise.all([...running].map(ended));
});
afterAll(() => rmSync(folder, { recursive: true }));

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, HOST, resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return (address as { port: number }).port;
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    const gone = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await gone;
  }
  running.delete(child);
}

/** A server program, once it answers. */
async function served(
  program: string,
  args: (port: number) => string[],
): Promise<{ port: number; child: ChildProcess }> {
  const port = await freePort();
  const child = spawn(program, args(port), { stdio: ["ignore", "ignore", "pipe"] });
  running.add(child);
  let said = "";
  child.stderr.on("data", (chunk: Buffer) => {
    said += chunk.toString();
  });
  await expect
    .poll(
      async () => {
        if (child.exitCode !== null) throw new Error(`${program} ended: ${said}`);
        try {
          await NbdClient.list({ host: HOST, port });
        } catch (error) {
          // Any other answer is one.
          if (error instanceof NbdError && error.code === "NBD_UNREACHABLE") return "not yet";
        }
        return "up";
      },
      { timeout: 10_000 },
    )
    .toBe("up");
  return { port, child };
}

const nbdkit = (...plugin: string[]): Promise<{ port: number; child: ChildProcess }> =>
  served("nbdkit", (port) => ["-f", "-i", HOST, "-p", String(port), ...plugin]);

const qemuNbd = (...args: string[]): Promise<{ port: number; child: ChildProcess }> =>
  served("qemu-nbd", (port) => ["-t", "-e", "8", "-b", HOST, "-p", String(port), ...args]);

function image(name: string, sizeBytes: number): string {
  const path = join(folder, name);
  writeFileSync(path, "");
  truncateSync(path, sizeBytes);
  return path;
}

const servers: readonly [string, (sizeBytes: number) => Promise<{ port: number; child: ChildProcess }>][] = [
  ["nbdkit memory", (sizeBytes) => nbdkit("memory", `size=${sizeBytes}`)],
  ["nbdkit file", (sizeBytes) => nbdkit("file", image("kit.img", sizeBytes))],
  ["nbdkit without structured replies", (sizeBytes) => nbdkit("--no-sr", "memory", `size=${sizeBytes}`)],
  ["qemu-nbd", (sizeBytes) => qemuNbd("-f", "raw", image("qemu.img", sizeBytes))],
];

describe.each(servers)("the disk over %s", (_, open) => {
  diskConformance({
    test,
    open: async (sizeBytes) => {
      const { port, child } = await open(sizeBytes);
      const disk = await NbdDisk.open({ host: HOST, port });
      return {
        disk,
        run: (story) => story(),
        close: async () => {
          await disk.close();
          await ended(child);
        },
      };
    },
    lacks: { crash: "what a power loss leaves is up to the server's own disk" },
  });
});

describe("the client", () => {
  test("learns from nbdkit what the export can do, and sees its holes", async () => {
    const { port } = await nbdkit("memory", "size=8M");
    const client = await NbdClient.connect({ host: HOST, port, contexts: ["base:allocation"] });
    expect(client.info).toMatchObject({ sizeBytes: 8 * MIB, structured: true, canFua: true, canMultiConn: true });
    await client.write(MIB, Buffer.alloc(32_768, 1));
    const extents = (await client.blockStatus(0, 8 * MIB)).get("base:allocation");
    expect(extents?.slice(0, 2)).toEqual([
      { lengthBytes: MIB, flags: 3 },
      { lengthBytes: 32_768, flags: 0 },
    ]);
    expect((await client.read(0, 8 * MIB)).filter((byte) => byte === 1)).toHaveLength(32_768);
    await client.disconnect();
  });

  test("takes its share of many requests at once, from any server", async () => {
    for (const [, open] of servers) {
      const { port, child } = await open(8 * MIB);
      const client = await NbdClient.connect({ host: HOST, port });
      const block = (index: number): Buffer => Buffer.alloc(4096, index % 251);
      const indices = Array.from({ length: 1000 }, (_, index) => index);
      await Promise.all(indices.map((index) => client.write(index * 4096, block(index))));
      const read = await Promise.all(indices.map((index) => client.read(index * 4096, 4096)));
      expect(read.every((bytes, index) => block(index).equals(bytes))).toBe(true);
      await client.disconnect();
      await ended(child);
    }
  });

  test("is told by nbdkit why a request failed", async () => {
    const { port } = await nbdkit("--filter=error", "memory", "size=1M", "error-pwrite=ENOSPC", "error-pwrite-rate=1");
    const client = await NbdClient.connect({ host: HOST, port });
    await expect(client.write(0, Buffer.alloc(512))).rejects.toMatchObject({ context: { errno: "ENOSPC" } });
    expect(await client.read(0, 512)).toHaveLength(512);
    client.destroy();
  });

  test("fails what is under way when the server dies", async () => {
    const { port, child } = await nbdkit("--filter=delay", "memory", "size=1M", "delay-write=60");
    const client = await NbdClient.connect({ host: HOST, port });
    const write = client.write(0, Buffer.alloc(512));
    await Promise.all([expect(write).rejects.toMatchObject({ code: "NBD_LOST" }), ended(child)]);
    await client.closed;
  });

  describe("by TLS", () => {
    let tls: NbdClientTls;

    beforeAll(async () => {
      const { authority, systems } = await makeKeys(["server", "host"]);
      const [server, host] = ["server", "host"].map((name) => systems.get(name) as { cert: string; key: string });
      for (const [name, text] of [
        ["ca-cert.pem", authority.cert],
        ["server-cert.pem", server?.cert],
        ["server-key.pem", server?.key],
      ] as const)
        writeFileSync(join(folder, name), text ?? "");
      tls = { ca: authority.cert, ...host, serverName: "server" };
    });

    test.each([
      [
        "nbdkit",
        () => nbdkit("--tls=require", `--tls-certificates=${folder}`, "--tls-verify-peer", "memory", "size=1M"),
      ],
      [
        "qemu-nbd",
        () =>
          qemuNbd(
            "--object",
            `tls-creds-x509,id=t,endpoint=server,dir=${folder},verify-peer=on`,
            "--tls-creds=t",
            "-f",
            "raw",
            image("tls.img", MIB),
          ),
      ],
    ])("of %s", async (_, open) => {
      const { port } = await open();
      const client = await NbdClient.connect({ host: HOST, port, tls });
      await client.write(0, Buffer.alloc(MIB, 3), { fua: true });
      expect((await client.read(0, MIB)).every((byte) => byte === 3)).toBe(true);
      await client.disconnect();
      await expect(NbdClient.connect({ host: HOST, port })).rejects.toMatchObject({ code: "NBD_REFUSED" });
    });
  });
});
