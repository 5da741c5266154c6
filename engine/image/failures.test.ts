import { expect, test } from "vitest";
import { EngineError } from "../errors.ts";
import { CopyIn } from "../restore/copy-in.ts";
import { beginRestore } from "../restore/restore.ts";
import { DiskError, NS_PER_MS, SECTOR_BYTES } from "../ports/index.ts";
import { drained } from "../testing/drained.node.ts";
import { FakeDisk } from "../testing/fake-disk.ts";
import { Site } from "../testing/site.node.ts";
import { testRuntime, type TestRuntime } from "../testing/test-runtime.node.ts";
import { trackCopyAt } from "../volume/track-copy.ts";
import { Volume } from "../volume/volume.ts";
import { openAreaImage } from "./area-image.ts";
import type { Image } from "./image.ts";
import { HEAD_BYTES } from "./image-head.ts";

const TRACK_BYTES = 4 * SECTOR_BYTES;
const TRACKS = 6;
const SIZE_BYTES = TRACKS * TRACK_BYTES;
const METHODS = ["old-data", "reserved-area"] as const;
type Method = (typeof METHODS)[number];
/** Behind the head and the marks of a rollback. */
const TABLES_BYTES = HEAD_BYTES + SECTOR_BYTES;
const never = new Promise<never>(() => {});

interface Rig {
  readonly disk: FakeDisk;
  readonly area: FakeDisk;
  readonly volume: Volume;
  readonly image: Image;
  readonly runtime: TestRuntime;
}

/** A volume with an image. @param voided as the owner of the image has it durably */
async function open(method: Method, disk: FakeDisk, area: FakeDisk, voided: number | undefined): Promise<Rig> {
  const runtime = testRuntime();
  const volume = new Volume("vol", disk, TRACK_BYTES, runtime);
  const { image } = openAreaImage(method, volume, new Volume("area", area, TRACK_BYTES, runtime), runtime);
  await image.load(voided);
  volume.addTap(image);
  return { disk, area, volume, image, runtime };
}

function fresh(method: Method): Promise<Rig> {
  return open(method, new FakeDisk(new Uint8Array(SIZE_BYTES).fill(1)), new FakeDisk(2 * SIZE_BYTES), 0);
}

function restarted({ disk, area }: Rig, method: Method): Promise<Rig> {
  return open(method, disk.afterCrash(), area.afterCrash(), 0);
}

function write({ volume }: Rig, track: number, fill: number): Promise<void> {
  const data = new Uint8Array(SECTOR_BYTES).fill(fill);
  return volume.update({ kind: "write", offsetBytes: track * TRACK_BYTES, data, fua: false });
}

function damage({ area }: Rig, offsetBytes: number): void {
  for (const bytes of [area.visible, area.durable]) bytes[offsetBytes] = (bytes[offsetBytes] as number) ^ 1;
}

/** Hosts go on, whatever became of the image. */
async function expectHostsServed(rig: Rig): Promise<void> {
  await write(rig, 2, 77);
  expect((await rig.volume.read(2 * TRACK_BYTES, SECTOR_BYTES))[0]).toBe(77);
  expect(rig.runtime.escaped).toEqual([]);
}

test.each(METHODS)(
  "%s: a system whose image area is too small does not start, and says what is needed",
  async (method) => {
    const openSite = (areaBytes: number): Promise<Site> =>
      Site.open({
        sizeBytes: SIZE_BYTES,
        trackBytes: TRACK_BYTES,
        systems: { a: ["vol", "area"] },
        sizesBytes: { area: areaBytes },
        images: { a: [{ volume: "vol", method, area: "area" }] },
      });
    const refusal = async (areaBytes: number): Promise<EngineError> => {
      const error: unknown = await openSite(areaBytes).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(EngineError);
      return error as EngineError;
    };
    const error = await refusal(4 * SECTOR_BYTES);
    expect(error).toMatchObject({ code: "IMAGE_AREA_TOO_SMALL", context: { volume: "vol", area: "area" } });
    const { neededBytes } = error.context as { readonly neededBytes: number };
    expect((await refusal(neededBytes - SECTOR_BYTES)).code).toBe("IMAGE_AREA_TOO_SMALL");
    const site = await openSite(neededBytes);
    expect(site.at("a").system.images()).toHaveLength(1);
  },
);

test.each(METHODS)(
  "%s: an area that tells of an image nobody knows of: there is none, and its moment is not used again",
  async (method) => {
    const first = await fresh(method);
    await first.image.fix(0);
    const rig = await open(method, first.disk.afterCrash(), first.area.afterCrash(), undefined);
    expect([rig.image.state, rig.image.moment]).toEqual(["none", 1]);
    await expect(rig.image.read(0, SECTOR_BYTES)).rejects.toMatchObject({ code: "NO_IMAGE" });
    await rig.image.fix(0);
    await write(rig, 0, 5);
    expect([rig.image.moment, (await rig.image.read(0, SECTOR_BYTES))[0]]).toEqual([2, 1]);
  },
);

test.each([
  ["old-data", "the exception table", TABLES_BYTES + SECTOR_BYTES + 20],
  ["reserved-area", "what is to be copied", TABLES_BYTES + 2 * SECTOR_BYTES + 20],
  ["reserved-area", "what has changed", TABLES_BYTES + 3 * SECTOR_BYTES + 20],
] as const)(
  "%s: an image of which %s is damaged is lost at the next start, and read by nobody",
  async (method, _, at) => {
    const first = await fresh(method);
    await first.image.fix(0);
    await write(first, 0, 9);
    damage(first, at);
    const rig = await restarted(first, method);
    expect(rig.image.state).toBe("lost");
    await expect(rig.image.read(0, SECTOR_BYTES)).rejects.toMatchObject({ code: "NO_IMAGE" });
    await expectHostsServed(rig);
  },
);

test.each(METHODS)(
  "%s: an area that cannot be read at a start costs the image, and hosts are served",
  async (method) => {
    const first = await fresh(method);
    await first.image.fix(0);
    const area = first.area.afterCrash();
    area.beforeRead = async (offsetBytes, lengthBytes) => {
      throw new DiskError("EIO", offsetBytes, lengthBytes);
    };
    const rig = await open(method, first.disk.afterCrash(), area, 0);
    expect([rig.image.state, rig.runtime.steps.includes("image.load.failed")]).toEqual(["lost", true]);
    await expectHostsServed(rig);
  },
);

test.each(METHODS)("%s: while a restore runs no image is fixed: it would be one of a mixture", async (method) => {
  const rig = await fresh(method);
  const { volume, image, runtime } = rig;
  let bring = (): void => {};
  const brought = new Promise<void>((resolve) => {
    bring = resolve;
  });
  const tracks = trackCopyAt(
    new FakeDisk(SECTOR_BYTES),
    { pairId: 1, offsetBytes: 0, trackCount: TRACKS },
    TRACK_BYTES,
  );
  const source = { read: (_: number, lengthBytes: number) => brought.then(() => new Uint8Array(lengthBytes).fill(8)) };
  const copy = new CopyIn({ volume, source, tracks, runtime, name: "backup", from: "mirror", id: 1 });
  const nothing = async (): Promise<void> => {};
  const { ended } = await beginRestore(
    { volume, copy, runtime },
    { tracks: () => [0, 1], accept: nothing, finished: nothing },
  );
  expect([await image.fix(0), image.state]).toEqual([false, "lost"]);
  bring();
  await ended;
  expect([await image.fix(0), image.state]).toEqual([true, "fixed"]);
  await write(rig, 0, 3);
  expect((await image.read(0, SECTOR_BYTES))[0]).toBe(8);
});

test("old-data: a read of an image that is revised meanwhile is refused, not answered with a later moment", async () => {
  const rig = await fresh("old-data");
  await rig.image.fix(0);
  await write(rig, 0, 5);
  let go = (): void => {};
  const held = new Promise<void>((resolve) => {
    go = resolve;
  });
  rig.area.beforeRead = () => held;
  const read = rig.image.read(0, SECTOR_BYTES);
  await drained();
  expect(await rig.image.revise()).toBe(true);
  go();
  await expect(read).rejects.toMatchObject({ code: "NO_IMAGE" });
  expect((await rig.image.read(0, SECTOR_BYTES))[0]).toBe(5);
});

test("old-data: old content that is not what was saved is never given out; the image is lost, hosts go on", async () => {
  const rig = await fresh("old-data");
  await rig.image.fix(0);
  await write(rig, 0, 5);
  // The table: one sector for each of two moments, and one behind them for a volume of so few tracks.
  damage(rig, rig.area.visible.indexOf(1, TABLES_BYTES + 2 * SECTOR_BYTES));
  await expect(rig.image.read(0, SECTOR_BYTES)).rejects.toMatchObject({ code: "DISK_FAILED" });
  expect(rig.image.state).toBe("lost");
  await expectHostsServed(rig);
});

test("reserved-area: a change that power was lost before is none, though its mark is there", async () => {
  const first = await fresh("reserved-area");
  const release = await first.volume.locks.drain();
  const fixed = first.image.fix(0);
  // It comes before the background copy, and is marked, and its old content is never copied.
  void write(first, 3, 9);
  await fixed;
  first.area.decide = ({ sectors }) => (sectors > 1 ? never : "done");
  release();
  await drained();
  const rig = await restarted(first, "reserved-area");
  expect(rig.image.state).toBe("fixed");
  expect([...rig.image.changedTracks()]).toEqual([]);
  await write(rig, 4, 9);
  expect([...rig.image.changedTracks()]).toContain(4);
  expect([...(await rig.image.read(0, SIZE_BYTES))].every((byte) => byte === 1)).toBe(true);
});

test("reserved-area: an image that is revised before it was copied whole copies the rest", async () => {
  const rig = await fresh("reserved-area");
  let go = (): void => {};
  const held = new Promise<"done">((resolve) => {
    go = () => resolve("done");
  });
  rig.area.decide = ({ sectors }) => (sectors > 1 ? held : "done");
  await rig.image.fix(0);
  await drained();
  const revised = rig.image.revise();
  go();
  expect([await revised, rig.image.moment]).toEqual([true, 2]);
  await write(rig, 1, 6);
  await drained();
  expect([...(await rig.image.read(0, SIZE_BYTES))].every((byte) => byte === 1)).toBe(true);
  expect(rig.area.visible.filter((byte) => byte === 1).length).toBeGreaterThanOrEqual(SIZE_BYTES);
});

test("reserved-area: what the copy of an image had under way fails while it is revised: there is none, and hosts go on", async () => {
  const rig = await fresh("reserved-area");
  let fail = (): void => {};
  const held = new Promise<"fails">((resolve) => {
    fail = () => resolve("fails");
  });
  rig.area.decideFlush = () => held;
  const given: number[] = [];
  rig.image.onLost = async (moment) => void given.push(moment);
  expect(await rig.image.fix(0)).toBe(true);
  await drained();
  const release = await rig.volume.locks.drain();
  const revised = rig.image.revise();
  // It comes before the background copy of the revised image.
  const written = write(rig, 3, 9);
  await drained();
  fail();
  expect([await revised, rig.image.state]).toEqual([false, "lost"]);
  release();
  await written;
  expect(given).toEqual([2]);
  await expect(rig.image.read(0, SIZE_BYTES)).rejects.toMatchObject({ code: "NO_IMAGE" });
  rig.area.decideFlush = () => "done";
  expect([await rig.image.fix(2), rig.image.moment]).toEqual([true, 3]);
  await expectHostsServed(rig);
});

test.each(METHODS)(
  "%s: what a given-up image has under way ends late: hosts go on in time, and the next image waits for it, in vain",
  async (method) => {
    const rig = await fresh(method);
    await drained();
    const hung: (() => void)[] = [];
    rig.area.decide = () => new Promise((resolve) => hung.push(() => resolve("done")));
    const given: number[] = [];
    rig.image.onLost = async (moment) => void given.push(moment);
    for (const _ of ["in its turn", "before its turn"]) {
      const fixed = rig.image.fix(0);
      await rig.runtime.clock.pass(2000 * NS_PER_MS);
      expect([await fixed, rig.image.state]).toEqual([false, "lost"]);
    }
    expect([given, hung.length]).toEqual([[1], 1]);
    rig.area.decide = () => "done";
    for (const go of hung) go();
    await drained();
    expect([rig.image.state, rig.image.moment]).toEqual(["lost", 1]);
    expect([await rig.image.fix(1), rig.image.moment]).toEqual([true, 2]);
    await expectHostsServed(rig);
  },
);

test.each(METHODS)(
  "%s: an image that does not become durable in time is given up, though hosts went on",
  async (method) => {
    const rig = await fresh(method);
    await drained();
    let heads = 0;
    rig.area.decide = ({ offsetBytes }) => (offsetBytes < HEAD_BYTES && heads++ === 1 ? never : "done");
    const given: number[] = [];
    rig.image.onLost = async (moment) => void given.push(moment);
    let hasBegun = false;
    const fixed = rig.image.fix(0, () => void (hasBegun = true));
    await rig.runtime.clock.pass(2000 * NS_PER_MS);
    expect([hasBegun, await fixed, rig.image.state, given]).toEqual([true, false, "lost", [1]]);
    await expectHostsServed(rig);
  },
);

test.each(METHODS)(
  "%s: the area fails while a change of many tracks still reads what they hold: the image is lost, the host goes on",
  async (method) => {
    const rig = await fresh(method);
    expect(await rig.image.fix(0)).toBe(true);
    await drained();
    rig.area.decide = () => ({ fails: () => false });
    rig.disk.beforeRead = () => drained();
    const unhandled: unknown[] = [];
    const hear = (error: unknown): void => void unhandled.push(error);
    process.on("unhandledRejection", hear);
    try {
      await rig.volume.update({ kind: "write", offsetBytes: 0, data: new Uint8Array(SIZE_BYTES).fill(9), fua: false });
      await drained();
    } finally {
      process.off("unhandledRejection", hear);
    }
    expect(unhandled).toEqual([]);
    expect(rig.image.state).toBe("lost");
    await expectHostsServed(rig);
  },
);

test.each(METHODS)(
  "%s: power that is lost before the volume is flushed leaves no image: a journal may bring back what it took",
  async (method) => {
    const rig = await fresh(method);
    await write(rig, 0, 5);
    rig.disk.decideFlush = () => never;
    void rig.image.fix(0);
    await drained();
    const next = await restarted(rig, method);
    expect(next.image.state).toBe("none");
    rig.disk.decideFlush = () => "done";
    await expectHostsServed(next);
  },
);

test.each(METHODS)(
  "%s: hosts go on before the image would outlive a power loss, which then leaves none",
  async (method) => {
    const rig = await fresh(method);
    const heads: (() => void)[] = [];
    rig.area.decide = ({ offsetBytes }) =>
      offsetBytes < HEAD_BYTES ? new Promise((resolve) => heads.push(() => resolve("done"))) : "done";
    let hasBegun = false;
    let fixed: boolean | undefined;
    void rig.image.fix(0, () => void (hasBegun = true)).then((result) => void (fixed = result));
    await drained();
    expect(hasBegun).toBe(false);
    heads.shift()?.();
    await drained();
    expect([hasBegun, fixed, heads.length]).toEqual([true, undefined, 1]);
    await write(rig, 3, 9);
    await rig.volume.flush();
    const before = await restarted(rig, method);
    expect([before.image.state, before.image.moment]).toEqual(["none", 1]);
    expect(before.disk.visible[3 * TRACK_BYTES]).toBe(9);
    rig.area.decide = () => "done";
    expect(await before.image.fix(0)).toBe(true);
    const after = await restarted(before, method);
    expect([after.image.state, after.image.moment]).toEqual(["fixed", 2]);
  },
);

test.each(METHODS)("%s: an image that is there stays, unless it is void; then it is one of now", async (method) => {
  const rig = await fresh(method);
  expect(await rig.image.fix(0)).toBe(true);
  await write(rig, 3, 9);
  expect([await rig.image.fix(0), rig.image.moment]).toEqual([true, 1]);
  expect((await rig.image.read(3 * TRACK_BYTES, SECTOR_BYTES))[0]).toBe(1);
  expect([await rig.image.fix(1), rig.image.moment]).toEqual([true, 2]);
  expect((await rig.image.read(3 * TRACK_BYTES, SECTOR_BYTES))[0]).toBe(9);
});
