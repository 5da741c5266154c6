import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from "vitest";
import { MemoryExport } from "../../../../engine/node/nbd/memory-export.ts";
import { NbdRig } from "../../../../engine/node/nbd/nbd-rig.ts";
import { MiB } from "../../../plan/index.ts";
import { loopsOf } from "./mount-space.ts";
import { MountedLoad } from "./mounted-load.ts";
import { MountedVolume, type MountOptions } from "./mounted-volume.ts";

let device: MemoryExport;
let rig: NbdRig;
let place: MountOptions;
/** Where the mounts of this test have their folders. */
let parent: string;

beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), "resilver-mounts-test-"));
  vi.stubEnv("TMPDIR", parent);
  device = new MemoryExport({ sizeBytes: MiB(16) });
  rig = await NbdRig.start([device]);
  place = { host: "127.0.0.1", port: rig.address.port, exportName: "memory" };
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await rig.close();
  await rm(parent, { recursive: true });
});

async function mounted(options: Partial<MountOptions>): Promise<MountedVolume> {
  const volume = await MountedVolume.mount({ ...place, ...options });
  onTestFinished(() => volume.tear());
  return volume;
}

test("what was acknowledged is found at the next mount, and what is missing is told", async () => {
  const first = await mounted({ format: true });
  const load = new MountedLoad();
  await load.prepare(first);
  load.start(first);
  await load.progress(3);
  await load.stop();
  await first.unmount();

  const earlier = Buffer.from(device.bytes);
  const second = await mounted({});
  expect(await load.wrongOn(second, { readOnly: false })).toEqual([]);
  load.start(second);
  await load.progress(4);
  await load.stop();
  await second.unmount();

  const third = await mounted({ readOnly: true });
  expect(await load.wrongOn(third, { readOnly: true })).toEqual([]);
  await third.unmount();

  // A volume that went back to an earlier moment.
  device.bytes.set(earlier);
  const stale = await mounted({ readOnly: true });
  const wrong = await load.wrongOn(stale, { readOnly: true });
  expect(wrong.join("\n")).toMatch(/file-\d+: [^]*wal\.db: [^]*delete\.db: /);
  await stale.unmount();
});

test("a volume without a file system is not mounted, and nothing is left of the attempt", async () => {
  await expect(mounted({})).rejects.toThrow(/^MOUNT: mount .*wrong fs type/s);
  expect(await readdir(parent)).toEqual([]);
});

test("a volume whose server hangs is torn away from its programs", async () => {
  const volume = await mounted({ format: true });
  const load = new MountedLoad();
  await load.prepare(volume);
  load.start(volume);
  await load.progress(1);
  let open = (): void => {};
  device.gate = new Promise((resolve) => {
    open = resolve;
  });
  await load.abandon(volume);
  expect(await readdir(parent)).toEqual([]);
  open();
});

test("nothing stays mounted of a process that was killed", async () => {
  const module = new URL("mounted-volume.ts", import.meta.url).href;
  const code = `
    const { MountedVolume } = await import(${JSON.stringify(module)});
    const volume = await MountedVolume.mount(${JSON.stringify({ ...place, format: true })});
    process.stdout.write(volume.folder);
    await new Promise((resolve) => setTimeout(resolve, 600_000));`;
  const flags = ["--disable-warning=ExperimentalWarning", "--input-type=module", "-e", code];
  const child = spawn(process.execPath, flags, { stdio: ["ignore", "pipe", "inherit"] });
  const [told] = (await once(child.stdout, "data")) as [Buffer];
  const folder = join(String(told), "..");
  expect(await loopsOf(folder)).toHaveLength(1);
  child.kill("SIGKILL");
  await expect.poll(() => loopsOf(folder), { timeout: 20_000 }).toEqual([]);
  await expect.poll(() => processesWith(folder), { timeout: 20_000 }).toEqual([]);
});

/** Command lines that name the folder. */
async function processesWith(folder: string): Promise<readonly string[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")));
  return lines.filter((line) => line.includes(folder));
}
