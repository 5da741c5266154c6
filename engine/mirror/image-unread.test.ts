import { expect, test } from "vitest";
import type { ImageConfig } from "../controller/config.ts";
import { HEAD_BYTES } from "../image/image-head.ts";
import { DiskError, NS_PER_MS, SECTOR_BYTES } from "../ports/index.ts";
import type { FakeDisk } from "../testing/fake-disk.ts";
import { Site } from "../testing/site.node.ts";
import type { Pair } from "./pair.ts";

const TRACK_BYTES = 8 * SECTOR_BYTES;
const TRACKS = 12;
const SIZE_BYTES = TRACKS * TRACK_BYTES;
const METHODS = ["old-data", "reserved-area"] as const;
type Method = (typeof METHODS)[number];

const imageOn = (method: Method): ImageConfig => ({ volume: "pvol", method, area: "area" });

/** A pair whose primary has an image; it is cut, and hosts have changed every track but the last since. */
async function suspended(method: Method, images: Record<string, ImageConfig[]> = { a: [imageOn(method)] }) {
  const site = await Site.open({
    sizeBytes: SIZE_BYTES,
    trackBytes: TRACK_BYTES,
    systems: { a: ["pvol", "area"], b: ["svol"] },
    sizesBytes: { area: SIZE_BYTES + 64 * SECTOR_BYTES },
    images,
    links: { link: ["a", "b"] },
  });
  const { system } = site.at("a");
  await site.run(
    system.execute({ kind: "create", pair: "p", volume: "pvol", link: "link", peerVolume: "svol", mode: "async" }),
  );
  await duplex(site);
  for (let track = 0; track < TRACKS; track++) await write(site, track, 1);
  site.network.cut();
  await site.until(() => entry(site).imageTracks !== 0);
  for (let track = 0; track < TRACKS - 1; track++) await write(site, track, 90);
  await site.run(system.device("pvol").flush());
  return site;
}

function entry(site: Site): Pair["entry"] {
  return (site.at("a").system.pair("p") as Pair).entry;
}

function duplex(site: Site): Promise<void> {
  return site.until(() => ["a", "b"].every((name) => site.at(name).system.pair("p")?.entry.status === "DUPLEX"));
}

async function write(site: Site, track: number, value: number): Promise<void> {
  const data = new Uint8Array(TRACK_BYTES).fill(value);
  await site.run(
    site
      .at("a")
      .system.device("pvol")
      .write(track * TRACK_BYTES, data),
  );
}

/** The first byte of each track, as hosts see them. */
async function values(site: Site): Promise<number[]> {
  const found = await site.run(site.at("a").system.device("pvol").read(0, SIZE_BYTES));
  return Array.from({ length: TRACKS }, (_, track) => found[track * TRACK_BYTES] as number);
}

function imageState(site: Site): string | undefined {
  return site.at("a").system.images()[0]?.state;
}

/** Power is lost; from the start after that on the image's area refuses everything. @param kept tracks of which the volume kept all */
async function crashUnreadable(site: Site, kept = 0): Promise<void> {
  const { disks, meta, stop } = site.at("a");
  stop();
  const next = new Map(
    [...disks].map(([name, disk]) => [name, disk.afterCrash((sector) => name === "pvol" && sector < kept * 8)]),
  );
  const area = next.get("area");
  if (area === undefined) throw new Error("the image has an area");
  area.read = async (offsetBytes, lengthBytes) => {
    throw new DiskError("EIO", offsetBytes, lengthBytes);
  };
  area.decide = () => ({ fails: () => false });
  await site.start("a", next, meta.afterCrash());
}

test.each(METHODS)("%s: an image that one start could not read is none at the next: hosts went on", async (method) => {
  const site = await suspended(method);
  await crashUnreadable(site);
  expect(imageState(site)).toBe("lost");
  await write(site, TRACKS - 1, 91);
  await site.run(site.at("a").system.device("pvol").flush());
  await site.crash("a");
  // It is one of now.
  expect(imageState(site)).toBe("fixed");
  const found = await site.run(site.at("a").system.image("pvol").read(0, SIZE_BYTES));
  expect([found[0], found[SIZE_BYTES - 1]]).toEqual([90, 91]);
  site.network.heal();
  await duplex(site);
  expect(site.disk("b", "svol").visible).toEqual(site.disk("a", "pvol").visible);
  site.network.cut();
  await site.until(() => imageState(site) === "fixed");
});

test.each(METHODS)(
  "%s: no image is fixed where one start could not read the area; hosts are served",
  async (method) => {
    const site = await suspended(method);
    await crashUnreadable(site);
    site.network.heal();
    await duplex(site);
    site.network.cut();
    await site.until(() => entry(site).status === "SPLIT");
    await write(site, 3, 92);
    expect([imageState(site), (await values(site))[3]]).toEqual(["lost", 92]);
  },
);

test.each(METHODS)("%s: an image that is not configured for a while is none when it is again", async (method) => {
  const images = { a: [imageOn(method)] };
  const site = await suspended(method, images);
  const { moment = 0 } = site.at("a").system.images()[0] ?? {};
  images.a = [];
  await site.crash("a");
  await write(site, 3, 91);
  images.a = [imageOn(method)];
  await site.crash("a");
  expect(site.at("a").system.images()[0]?.moment).toBeGreaterThan(moment);
});

test.each(METHODS)(
  "%s: also one that the volume was rolled back to, of which the pair needs nothing",
  async (method) => {
    const images = { a: [imageOn(method)] };
    const site = await suspended(method, images);
    await site.run(site.at("a").system.execute({ kind: "rollback", volume: "pvol" }));
    await site.until(() => site.at("a").system.restores().length === 0);
    expect([imageState(site), entry(site).imageTracks]).toEqual(["fixed", 0]);
    images.a = [];
    await site.crash("a");
    await write(site, 3, 91);
    await site.run(site.at("a").system.device("pvol").flush());
    images.a = [imageOn(method)];
    await site.crash("a");
    expect(imageState(site)).toBe("fixed");
    const found = await site.run(
      site
        .at("a")
        .system.image("pvol")
        .read(3 * TRACK_BYTES, SECTOR_BYTES),
    );
    expect(found[0]).toBe(91);
  },
);

test.each([
  ["old-data", "cannot be read"],
  ["reserved-area", "cannot be read"],
  ["old-data", "is damaged"],
  ["reserved-area", "is damaged"],
] as const)(
  "%s: half a rollback whose area %s is a mixture, and is not gone on with when another resync has ended it",
  async (method, why) => {
    const site = await suspended(method);
    site.disk("a", "pvol").decideFlush = () => new Promise(() => {});
    await site.run(site.at("a").system.execute({ kind: "rollback", volume: "pvol" }));
    await site.pass(1000 * NS_PER_MS);
    if (why === "is damaged") {
      site.disk("a", "area").durable.fill(0x55, 0, HEAD_BYTES);
      await site.crash("a", (sector) => sector < (TRACKS / 2) * 8);
    } else await crashUnreadable(site, TRACKS / 2);
    expect([entry(site).consistent, site.at("a").system.restores()]).toEqual([false, []]);
    await expect(values(site)).rejects.toMatchObject({ code: "NO_ACCESS" });
    site.network.heal();
    // Before the link was lost hosts may have been acknowledged what the other end lacks, and again since the rollback.
    await site.until(() => site.at("a").system.pair("p")?.refusal === "NOT_CONSISTENT");
    await site.run(site.at("a").system.execute({ kind: "resync", pair: "p", direction: "reverse" }));
    await duplex(site);
    for (let track = 0; track < TRACKS; track++) await write(site, track, 91);
    await site.run(site.at("a").system.device("pvol").flush());
    site.network.cut();
    await site.crash("a");
    await site.pass(1000 * NS_PER_MS);
    expect([...new Set(await values(site))]).toEqual([91]);
  },
);

test.each(METHODS)(
  "%s: a start whose metadata disk refuses the marks of half a rollback fails; the next one makes them",
  async (method) => {
    const site = await suspended(method);
    site.disk("a", "pvol").decideFlush = () => new Promise(() => {});
    await site.run(site.at("a").system.execute({ kind: "rollback", volume: "pvol" }));
    const { bitmapOffsetBytes } = entry(site);
    const { disks, meta, stop } = site.at("a");
    stop();
    const next = (): Map<string, FakeDisk> => new Map([...disks].map(([name, disk]) => [name, disk.afterCrash()]));
    const spoiled = meta.afterCrash();
    spoiled.decide = ({ offsetBytes }) => (offsetBytes < bitmapOffsetBytes ? "done" : { fails: () => true });
    disks.get("area")?.durable.fill(0x55, 0, HEAD_BYTES);
    await expect(site.start("a", next(), spoiled)).rejects.toThrow(DiskError);
    await site.start("a", next(), spoiled.afterCrash());
    expect([entry(site).consistent, site.at("a").system.pair("p")?.pending.count]).toEqual([false, TRACKS]);
  },
);
