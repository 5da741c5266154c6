import { expect, test } from "vitest";
import type { EngineErrorCode } from "../errors.ts";
import { FakeDisk } from "../testing/fake-disk.ts";
import { testRuntime } from "../testing/test-runtime.node.ts";
import type { SystemConfig } from "./config.ts";
import { SharedMemory } from "./shared-memory.ts";

const SIZE_BYTES = 40 * 8192;
const VOLUMES = ["one", "two", "three"];

const config: SystemConfig = {
  name: "a",
  volumes: VOLUMES.map((name) => ({ name, sizeBytes: SIZE_BYTES, trackBytes: 8192 })),
  links: [],
};

function load(meta: FakeDisk, runtime = testRuntime(), other: Partial<SystemConfig> = {}): Promise<SharedMemory> {
  const disks = new Map(VOLUMES.map((name) => [name, new FakeDisk(SIZE_BYTES)]));
  const links = { dial: () => Promise.reject(new Error("no links here")), listen: () => ({ close: () => {} }) };
  return SharedMemory.load({ ...config, ...other }, { ...runtime, disks, meta, links }, runtime);
}

test("pairs that are made at the same time have bitmaps of their own, which the next start can read", async () => {
  const meta = new FakeDisk(64 * 1024);
  const memory = await load(meta);
  const definition = { link: "link", peerVolume: "svol", mode: "sync", tracker: "bitmap", role: "primary" } as const;
  const pairs = await Promise.all(
    VOLUMES.map((volume, index) => memory.create({ ...definition, id: index + 1, name: volume, volume })),
  );
  expect(new Set(pairs.map(({ entry }) => entry.bitmapOffsetBytes)).size).toBe(VOLUMES.length);
  // Each mark is swept in one pair only.
  for (const [index, pair] of pairs.entries()) {
    pair.pending.dirty.clearAll();
    pair.pending.dirty.set(index);
    await pair.intents.sweep(1, true);
  }
  const again = await load(meta.afterCrash());
  const marks = VOLUMES.map((name) => [...again.pair(name).pending.dirty.indices()]);
  expect(marks).toEqual([[0], [1], [2]]);
});

test.each<[EngineErrorCode, string, Partial<SystemConfig>]>([
  [
    "VOLUME_UNKNOWN",
    "a volume that has no disk",
    { volumes: [{ name: "four", sizeBytes: SIZE_BYTES, trackBytes: 8192 }] },
  ],
  ["VOLUME_UNKNOWN", "an image of no volume", { images: [{ volume: "four", method: "old-data", area: "two" }] }],
  ["VOLUME_UNKNOWN", "an image without an area", { images: [{ volume: "one", method: "old-data" }] }],
  ["IMAGE_NEEDS_JOURNAL", "an image by number without a journal", { images: [{ volume: "one", method: "lsn" }] }],
  [
    "IMAGE_AREA_TOO_SMALL",
    "an image of all in no more room",
    { images: [{ volume: "one", method: "reserved-area", area: "two" }] },
  ],
])("a start is refused with %s for %s", async (code, _, broken) => {
  await expect(load(new FakeDisk(64 * 1024), testRuntime(), broken)).rejects.toMatchObject({ code });
});

test("the first write in a region of the configuration has all its tracks marked, and the next ones cost nothing", async () => {
  const meta = new FakeDisk(64 * 1024);
  const volumes = VOLUMES.map((name) => ({ name, sizeBytes: SIZE_BYTES, trackBytes: 8192, regionBytes: 4 * 8192 }));
  const memory = await load(meta, testRuntime(), { volumes });
  const definition = { link: "link", peerVolume: "svol", mode: "sync", tracker: "bitmap", role: "primary" } as const;
  const pair = await memory.create({ ...definition, id: 1, name: "p", volume: "one" });
  pair.pending.dirty.clearAll();
  await pair.intents.sweep(0, true);
  await pair.intents.mark(5, 5);
  expect(pair.intents.mark(7, 7)).toBeUndefined();
  const again = await load(meta.afterCrash(), testRuntime(), { volumes });
  expect([...again.pair("p").pending.dirty.indices()]).toEqual([4, 5, 6, 7]);
});

test("a start without the disk of a volume names the volume", async () => {
  const broken = { volumes: [{ name: "four", sizeBytes: SIZE_BYTES, trackBytes: 8192 }] };
  await expect(load(new FakeDisk(64 * 1024), testRuntime(), broken)).rejects.toMatchObject({
    context: { volume: "four" },
  });
});

test("a start on a device that cannot hold the table is refused", async () => {
  await expect(load(new FakeDisk(16 * 1024))).rejects.toMatchObject({ code: "META_TOO_SMALL" });
});
