import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeEach, describe, expect, test } from "vitest";
import { makeKeys } from "../keys/make-keys.ts";
import { MemoryExport } from "./memory-export.ts";
import { NbdRig } from "./nbd-rig.ts";

const MIB = 1024 * 1024;
const run = promisify(execFile);
const folder = mkdtempSync(join(tmpdir(), "resilver-nbd-"));
const file = (name: string): string => join(folder, name);

let rig: NbdRig;
let target: MemoryExport;
let readOnly: MemoryExport;

beforeEach(async () => {
  target = new MemoryExport({
    name: "disk",
    description: "a volume",
    sizeBytes: 32 * MIB,
    sparse: true,
    bitmap: "pair",
  });
  readOnly = new MemoryExport({ name: "disk@image", sizeBytes: MIB, readOnly: true });
  rig = await NbdRig.start([target, readOnly]);
});

afterEach(() => rig.close());
afterAll(() => rmSync(folder, { recursive: true }));

async function output(program: string, ...args: string[]): Promise<string> {
  const { stdout } = await run(program, args, { maxBuffer: 16 * MIB });
  return stdout;
}

/** Bytes of which no two sectors are the same, with a hole between. */
function content(): Buffer {
  const bytes = Buffer.alloc(32 * MIB);
  for (let at = 0; at < bytes.length; at += 512) if (at < 5 * MIB || at > 20 * MIB) bytes.writeUInt32LE(at + 1, at);
  return bytes;
}

describe("nbdinfo", () => {
  test("lists the exports, with what they can do", async () => {
    const listed = JSON.parse(await output("nbdinfo", "--list", "--json", rig.uri())) as { exports: object[] };
    expect(listed).toMatchObject({ protocol: "newstyle-fixed", TLS: false, structured: true });
    const sizes = { block_size_minimum: 512, block_size_preferred: 4096, block_size_maximum: 32 * MIB };
    expect(listed.exports).toMatchObject([
      {
        "export-name": "disk",
        description: "a volume",
        "export-size": 32 * MIB,
        contexts: ["base:allocation", "qemu:dirty-bitmap:pair"],
        is_read_only: false,
        can_cache: true,
        can_df: true,
        can_fast_zero: true,
        can_flush: true,
        can_fua: true,
        can_multi_conn: true,
        can_trim: true,
        can_zero: true,
        ...sizes,
      },
      { "export-name": "disk@image", is_read_only: true, can_trim: false, can_zero: false, ...sizes },
    ]);
  });

  test("shows holes and what is dirty", async () => {
    const client = await rig.connect();
    await client.write(MIB, Buffer.alloc(8192, 1));
    const map = async (context: string): Promise<unknown> =>
      JSON.parse(await output("nbdinfo", `--map=${context}`, "--json", rig.uri("disk")));
    expect(await map("base:allocation")).toEqual([
      { offset: 0, length: MIB, type: 3, description: "hole,zero" },
      { offset: MIB, length: 8192, type: 0, description: "data" },
      { offset: MIB + 8192, length: 31 * MIB - 8192, type: 3, description: "hole,zero" },
    ]);
    expect(await map("qemu:dirty-bitmap:pair")).toEqual([
      { offset: 0, length: MIB, type: 0, description: "clean" },
      { offset: MIB, length: 8192, type: 1, description: "dirty" },
      { offset: MIB + 8192, length: 31 * MIB - 8192, type: 0, description: "clean" },
    ]);
  });

  test("connects by TLS, and not without", async () => {
    const keys = await makeKeys(["localhost", "host"]);
    const pair = (name: string): { cert: string; key: string } =>
      keys.systems.get(name) as { cert: string; key: string };
    writeFileSync(file("ca-cert.pem"), keys.authority.cert);
    writeFileSync(file("client-cert.pem"), pair("host").cert);
    writeFileSync(file("client-key.pem"), pair("host").key);
    const secret = await NbdRig.start([target], {
      tls: { ...pair("localhost"), ca: keys.authority.cert, required: true },
    });
    const uri = `nbds://localhost:${secret.address.port}/disk?tls-certificates=${folder}`;
    const told = JSON.parse(await output("nbdinfo", "--json", uri)) as object;
    expect(told).toMatchObject({ TLS: true, exports: [{ "export-name": "disk" }] });
    await expect(output("nbdinfo", secret.uri("disk"))).rejects.toThrow("nbdinfo");
    await secret.close();
  });
});

test("nbdcopy copies to the export and back, several connections at once", async () => {
  const bytes = content();
  writeFileSync(file("in.img"), bytes);
  await output("nbdcopy", "--flush", "--connections=4", file("in.img"), rig.uri("disk"));
  expect(bytes.equals(target.bytes)).toBe(true);
  await output("nbdcopy", "--connections=4", rig.uri("disk"), file("out.img"));
  expect(bytes.equals(readFileSync(file("out.img")))).toBe(true);
});

test("qemu-img looks at it, converts and compares", async () => {
  const bytes = content();
  writeFileSync(file("in.img"), bytes);
  const raw = ["-f", "raw", "-O", "raw"];
  expect(JSON.parse(await output("qemu-img", "info", "--output=json", "-f", "raw", rig.uri("disk")))).toMatchObject({
    "virtual-size": 32 * MIB,
  });
  await output("qemu-img", "convert", "-n", ...raw, file("in.img"), rig.uri("disk"));
  expect(bytes.equals(target.bytes)).toBe(true);
  const same = ["compare", "-f", "raw", "-F", "raw", file("in.img"), rig.uri("disk")];
  expect(await output("qemu-img", ...same)).toContain("Images are identical.");
  target.bytes[MIB] = 0x99;
  await expect(output("qemu-img", ...same)).rejects.toMatchObject({ code: 1 });
  await output("qemu-img", "convert", ...raw, rig.uri("disk"), file("out.img"));
  expect(target.bytes.equals(readFileSync(file("out.img")))).toBe(true);
});

describe("qemu-io", () => {
  const io = (name: string, ...commands: string[]): Promise<string> =>
    output("qemu-io", "-f", "raw", ...commands.flatMap((command) => ["-c", command]), rig.uri(name));

  test("writes, reads, discards, zeroes and flushes, aligned or not", async () => {
    target.keepsRequests = true;
    await io("disk", "write -P 7 65536 65536", "read -P 7 65536 65536", "write -f -P 9 1000 100", "read -P 9 1000 100");
    await io("disk", "write -P 5 0 1M", "write -z 4096 4096", "read -P 0 4096 4096", "discard 8192 4096", "flush");
    expect(target.requests).toEqual(
      expect.arrayContaining([
        "write 65536 65536 fua",
        "write 512 1024 fua",
        "zero 4096 4096 fua no-hole",
        "trim 8192 4096",
        "flush 0 0",
      ]),
    );
  });

  test("is told that an export is read-only", async () => {
    await expect(io("disk@image", "write 0 512")).rejects.toThrow("Permission denied");
  });

  test("sees an error of the export as one", async () => {
    target.before = (command) => {
      if (command === "write") throw new Error("broken");
    };
    await expect(io("disk", "write 0 4096")).rejects.toMatchObject({
      stdout: expect.stringContaining("Input/output error") as string,
    });
  });
});

test.each([
  ["randwrite", "4k", 32],
  ["write", "256k", 8],
] as const)("fio writes and verifies: %s of %s", async (how, blockSize, depth) => {
  const job = ["--name=x", "--ioengine=nbd", `--uri=${rig.uri("disk")}`, `--rw=${how}`, `--bs=${blockSize}`];
  const told = await output(
    "fio",
    ...job,
    `--iodepth=${depth}`,
    "--size=32M",
    "--verify=crc32c",
    "--verify_state_save=0",
    "--output-format=json",
  );
  const [{ error, write }] = (
    JSON.parse(told.slice(told.indexOf("{"))) as { jobs: [{ error: number; write: { io_bytes: number } }] }
  ).jobs;
  expect({ error, bytes: write.io_bytes }).toEqual({ error: 0, bytes: 32 * MIB });
});
