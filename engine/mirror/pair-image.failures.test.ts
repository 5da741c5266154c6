import { expect, test } from "vitest";
import type { ImageConfig } from "../controller/config.ts";
import { HEAD_BYTES } from "../image/image-head.ts";
import { marksOffsetBytes } from "../journal/journal.ts";
import { SECTOR_BYTES } from "../ports/index.ts";
import type { FakeDisk } from "../testing/fake-disk.ts";
import { Site } from "../testing/site.node.ts";
import type { Pair } from "./pair.ts";

const TRACK_BYTES = 8 * SECTOR_BYTES;
const TRACKS = 12;
const SIZE_BYTES = TRACKS * TRACK_BYTES;
const LOG_BYTES = 64 * SIZE_BYTES;
const METHODS = ["old-data", "reserved-area", "lsn"] as const;
type Method = (typeof METHODS)[number];

/** The primary has an image by this method, and its pair is DUPLEX. */
async function open(method: Method): Promise<Site> {
  const image: ImageConfig = method === "lsn" ? { volume: "pvol", method } : { volume: "pvol", method, area: "area" };
  const site = await Site.open({
    sizeBytes: SIZE_BYTES,
    trackBytes: TRACK_BYTES,
    systems: { a: ["pvol", "area", "log", "base"], b: ["svol"] },
    sizesBytes: { area: SIZE_BYTES + 64 * SECTOR_BYTES, log: LOG_BYTES },
    images: { a: [image] },
    journals: { a: method === "lsn" ? [{ volume: "pvol", log: "log", base: "base" }] : [] },
    links: { link: ["a", "b"] },
  });
  const { system } = site.at("a");
  await site.until(() => system.journals().every(({ moments }) => moments.isRecoverable));
  await site.run(
    system.execute({ kind: "create", pair: "p", volume: "pvol", link: "link", peerVolume: "svol", mode: "async" }),
  );
  await duplex(site);
  return site;
}

function pair(site: Site): Pair {
  return site.at("a").system.pair("p") as Pair;
}

async function duplex(site: Site): Promise<void> {
  await site.until(() => ["a", "b"].every((name) => site.at(name).system.pair("p")?.entry.status === "DUPLEX"));
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

async function content(site: Site): Promise<Uint8Array> {
  return site.run(site.at("a").system.device("pvol").read(0, SIZE_BYTES));
}

/** The pair is cut, hosts have changed tracks since, and a rollback has begun of which nothing is brought yet. */
async function rolling(method: Method) {
  const site = await open(method);
  for (let track = 0; track < TRACKS; track++) await write(site, track, 1 + track);
  site.network.cut();
  await site.until(() => site.at("a").system.images()[0]?.state === "fixed");
  const before = await content(site);
  for (const track of [0, 3, 4, 11]) await write(site, track, 90);
  await site.run(site.at("a").system.device("pvol").flush());
  site.disk("a", "pvol").decide = () => new Promise(() => {});
  await site.run(site.at("a").system.execute({ kind: "rollback", volume: "pvol" }));
  expect(site.at("a").system.restores()).toHaveLength(1);
  return { site, before };
}

test.each(METHODS)(
  "%s: a rollback that a crash interrupts goes on; hosts see the image at once (LS-8)",
  async (method) => {
    const { site, before } = await rolling(method);
    const { current } = pair(site).entry;
    await site.crash("a");
    expect([await content(site), pair(site).entry.consistent]).toEqual([before, true]);
    await site.until(() => site.at("a").system.restores().length === 0);
    expect(site.disk("a", "pvol").visible).toEqual(before);
    expect(pair(site).entry.current).toBe(current);
    await write(site, 5, 91);
    site.network.heal();
    await duplex(site);
    expect(site.disk("b", "svol").visible).toEqual(site.disk("a", "pvol").visible);
    expect(site.disk("b", "svol").visible[5 * TRACK_BYTES]).toBe(91);
  },
);

test.each(METHODS)(
  "%s: a rollback of which nobody knows what is left leaves a mixture, and says so",
  async (method) => {
    const { site, before } = await rolling(method);
    const spoil = ({ durable }: FakeDisk, at: number): void => void durable.fill(0x55, at, at + SECTOR_BYTES);
    if (method === "lsn") spoil(site.disk("a", "log"), marksOffsetBytes(pair(site).volume, "recovery"));
    else spoil(site.disk("a", "area"), HEAD_BYTES);
    await site.crash("a");
    const { entry, pending } = pair(site);
    expect([entry.consistent, pending.count, site.at("a").system.restores()]).toEqual([false, TRACKS, []]);
    await expect(content(site)).rejects.toMatchObject({ code: "NO_ACCESS" });
    expect(site.at("a").system.images()[0]).toMatchObject({ state: "fixed", rolling: false });
    // The image is still there, so the operator may roll back once more.
    await site.run(site.at("a").system.execute({ kind: "rollback", volume: "pvol" }));
    await site.until(() => site.at("a").system.restores().length === 0);
    expect(await content(site)).toEqual(before);
    // Hosts may write, and far more than a journal has room for beside a moment that it holds.
    for (let round = 0; round < 80; round++)
      for (let track = 0; track < TRACKS; track++) await write(site, track, round);
    site.network.heal();
    await duplex(site);
    expect(site.disk("b", "svol").visible).toEqual(site.disk("a", "pvol").visible);
  },
);
