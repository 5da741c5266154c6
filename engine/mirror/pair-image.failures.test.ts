import { expect, test } from "vitest";
import type { ImageConfig } from "../controller/config.ts";
import { HEAD_BYTES } from "../image/image-head.ts";
import { marksOffsetBytes } from "../journal/log-layout.ts";
import { NS_PER_MS, SECTOR_BYTES } from "../ports/index.ts";
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
async function open(
  method: Method,
  {
    areaBytes = SIZE_BYTES + 64 * SECTOR_BYTES,
    images = {},
    hasJournal = method === "lsn",
  }: { areaBytes?: number; images?: Record<string, ImageConfig[]>; hasJournal?: boolean } = {},
): Promise<Site> {
  const image: ImageConfig = method === "lsn" ? { volume: "pvol", method } : { volume: "pvol", method, area: "area" };
  images["a"] = [image];
  const site = await Site.open({
    sizeBytes: SIZE_BYTES,
    trackBytes: TRACK_BYTES,
    systems: { a: ["pvol", "area", "log", "base"], b: ["svol"] },
    sizesBytes: { area: areaBytes, log: LOG_BYTES },
    images,
    journals: { a: hasJournal ? [{ volume: "pvol", log: "log", base: "base" }] : [] },
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

/** Without a list of all bytes that differ. */
function isSame(found: Uint8Array, expected: Uint8Array): boolean {
  return found.length === expected.length && found.every((byte, at) => byte === expected[at]);
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

test.each(METHODS)("%s: a rollback that a resync overtakes goes on after a crash", async (method) => {
  const site = await open(method);
  for (let track = 0; track < TRACKS; track++) await write(site, track, 1 + track);
  site.network.cut();
  await site.until(() => site.at("a").system.images()[0]?.state === "fixed");
  const before = await content(site);
  for (const track of [0, 3, 4, 11]) await write(site, track, 90);
  await site.run(site.at("a").system.device("pvol").flush());
  // Nothing that is brought becomes durable.
  site.disk("a", "pvol").decideFlush = () => new Promise(() => {});
  await site.run(site.at("a").system.execute({ kind: "rollback", volume: "pvol" }));
  site.network.heal();
  await duplex(site);
  expect(isSame(site.disk("b", "svol").visible, before)).toBe(true);
  await site.pass(NS_PER_MS);
  site.network.cut();
  await site.crash("a", (sector) => sector % 16 < 8);
  expect(isSame(await content(site), before)).toBe(true);
  await site.until(() => site.at("a").system.restores().length === 0);
  await site.crash("a");
  expect(isSame(await content(site), before)).toBe(true);
  site.network.heal();
  await duplex(site);
  expect(isSame(site.disk("b", "svol").visible, before)).toBe(true);
});

test.each(METHODS)(
  "%s: a recovery that waits for an image to be fixed does not exchange disks under it",
  async (method) => {
    const site = await open(method, { hasJournal: true });
    for (let track = 0; track < TRACKS; track++) await write(site, track, 1 + track);
    const { system } = site.at("a");
    const { newestLsn: lsn = 0 } = system.journals()[0]?.moments.window ?? {};
    const wanted = await content(site);
    for (const track of [0, 3, 4, 11]) await write(site, track, 90);
    const before = await content(site);
    const flushed = Promise.withResolvers<"done">();
    site.disk("a", "pvol").decideFlush = () => flushed.promise;
    site.network.cut();
    await site.until(() => site.at("a").runtime.steps.includes("image.fixing"));
    const recovered = system.execute({ kind: "recover", volume: "pvol", to: { lsn }, method: "swap" });
    await site.pass(NS_PER_MS);
    flushed.resolve("done");
    await site.run(recovered);
    expect(isSame(await content(site), wanted)).toBe(true);
    await site.until(() => system.restores().length === 0);
    expect(isSame(await site.run(system.image("pvol").read(0, SIZE_BYTES)), before)).toBe(true);
  },
);

test.each(["old-data", "reserved-area"] as const)(
  "%s: hosts are served in time though the image's area hangs since before the suspension",
  async (method) => {
    const site = await open(method);
    site.network.cut();
    await site.until(() => pair(site).entry.imageTracks !== 0);
    const hung = Promise.withResolvers<"done">();
    site.disk("a", "area").decide = () => hung.promise;
    site.network.heal();
    await duplex(site);
    site.network.cut();
    await site.until(() => pair(site).entry.status === "SPLIT");
    let isServed = false;
    const served = site.at("a").system.device("pvol").read(0, SECTOR_BYTES);
    void served.then(() => void (isServed = true));
    await site.pass(1100 * NS_PER_MS);
    expect([isServed, site.at("a").system.images()[0]?.state]).toEqual([true, "lost"]);
    await write(site, 3, 90);
    hung.resolve("done");
    site.network.heal();
    await duplex(site);
    expect(isSame(site.disk("b", "svol").visible, site.disk("a", "pvol").visible)).toBe(true);
    site.network.cut();
    await site.until(() => site.at("a").system.images()[0]?.state === "fixed");
  },
);

/** The pair is cut; the image alone knows which tracks hosts have changed since. */
async function tracked(images: Record<string, ImageConfig[]> = {}): Promise<Site> {
  const site = await open("old-data", { images });
  site.network.cut();
  await site.until(() => pair(site).entry.imageTracks !== 0);
  for (const track of [0, 3, 4, 11]) await write(site, track, 90);
  await site.run(site.at("a").system.device("pvol").flush());
  return site;
}

test.each(["cannot be read", "is not configured any more"] as const)(
  "an image that %s takes with it what only it knew: everything is copied",
  async (why) => {
    const images: Record<string, ImageConfig[]> = {};
    const site = await tracked(images);
    if (why === "cannot be read") site.disk("a", "area").durable.fill(0x55, 0, HEAD_BYTES);
    else images["a"] = [];
    await site.crash("a");
    expect(pair(site).pending.count).toBe(TRACKS);
    site.network.heal();
    await duplex(site);
    expect(site.disk("b", "svol").visible).toEqual(site.disk("a", "pvol").visible);
  },
);

test("an image whose space runs out while the metadata disk refuses: what it knew is marked when it can be", async () => {
  const site = await open("old-data", { areaBytes: HEAD_BYTES + 40 * SECTOR_BYTES });
  site.network.cut();
  await site.until(() => pair(site).entry.imageTracks !== 0);
  const { bitmapOffsetBytes } = pair(site).entry;
  let refusals = 0;
  site.at("a").meta.decide = ({ offsetBytes }) =>
    offsetBytes >= bitmapOffsetBytes && refusals++ < 3 ? { fails: () => false } : "done";
  for (let track = 0; track < TRACKS; track++) await write(site, track, 90).catch(() => write(site, track, 90));
  expect(refusals).toBeGreaterThanOrEqual(3);
  expect(site.at("a").system.images()[0]?.state).toBe("lost");
  await site.run(site.at("a").system.device("pvol").flush());
  await site.crash("a");
  expect(pair(site).pending.count).toBe(TRACKS);
  site.network.heal();
  await duplex(site);
  expect(site.disk("b", "svol").visible).toEqual(site.disk("a", "pvol").visible);
});

test("an image that is lost before it is written down that it stands for marks never does", async () => {
  const site = await open("reserved-area");
  const { bitmapOffsetBytes } = pair(site).entry;
  const held = Promise.withResolvers<"done">();
  const copied = Promise.withResolvers<{ readonly fails: () => boolean }>();
  site.onStep = (system, step) => {
    if (system !== "a") return;
    // The copy in the background waits, then comes to its end at once.
    if (step === "image.moment")
      site.disk("a", "area").decide = ({ offsetBytes }) => (offsetBytes < HEAD_BYTES ? "done" : copied.promise);
    if (step !== "image.fixed") return;
    site.at("a").meta.decide = ({ offsetBytes }) => (offsetBytes < bitmapOffsetBytes ? held.promise : "done");
    copied.resolve({ fails: () => false });
  };
  for (let track = 0; track < TRACKS; track++) await write(site, track, 1 + track);
  site.network.cut();
  await site.until(() => site.at("a").runtime.steps.includes("copy-out.lost"));
  held.resolve("done");
  await site.until(() => site.at("a").system.images()[0]?.state === "lost");
  await write(site, 3, 90);
  expect([pair(site).entry.imageTracks, pair(site).image?.covers(3, 3)]).toEqual([0, false]);
  await site.crash("a");
  expect(pair(site).pending.has(3)).toBe(true);
  site.network.heal();
  await duplex(site);
  expect(site.disk("b", "svol").visible).toEqual(site.disk("a", "pvol").visible);
});

test("an image that is lost while it is made durable never stands for marks", async () => {
  const site = await open("reserved-area");
  site.onStep = (system, step) => {
    if (system === "a" && step === "image.moment")
      site.disk("a", "area").decide = ({ offsetBytes }) => (offsetBytes < HEAD_BYTES ? "done" : { fails: () => false });
  };
  for (let track = 0; track < TRACKS; track++) await write(site, track, 1 + track);
  site.network.cut();
  await site.until(() => site.at("a").system.images()[0]?.state === "lost");
  await write(site, 3, 90);
  expect([pair(site).entry.imageTracks, pair(site).image?.covers(3, 3)]).toEqual([0, false]);
  await site.crash("a");
  expect(pair(site).pending.has(3)).toBe(true);
});

test.each(METHODS)("%s: a link that fails in the step that ends a resync leaves an image of then", async (method) => {
  const site = await open(method);
  site.network.cut();
  await site.until(() => pair(site).entry.imageTracks !== 0);
  const { imageTracks } = pair(site).entry;
  await write(site, 3, 90);
  const { bitmapOffsetBytes } = pair(site).entry;
  const held = Promise.withResolvers<"done">();
  site.at("a").meta.decide = ({ offsetBytes }) =>
    offsetBytes < bitmapOffsetBytes && pair(site).entry.status === "DUPLEX" ? held.promise : "done";
  site.network.heal();
  await site.until(() => pair(site).entry.status === "DUPLEX");
  site.network.cut();
  await site.until(() => pair(site).entry.status === "SPLIT");
  site.at("a").meta.decide = () => "done";
  held.resolve("done");
  await site.until(() => pair(site).entry.imageTracks > imageTracks);
  await write(site, 4, 91);
  expect(site.at("a").system.images()[0]).toMatchObject({ state: "fixed", moment: pair(site).entry.imageTracks });
  await site.crash("a");
  expect(pair(site).pending.has(4)).toBe(true);
  site.network.heal();
  await duplex(site);
  expect(site.disk("b", "svol").visible).toEqual(site.disk("a", "pvol").visible);
});

test("a rollback whose end cannot be written down ends when it can; until then a crash goes on with it", async () => {
  const site = await open("old-data");
  for (let track = 0; track < TRACKS; track++) await write(site, track, 1 + track);
  site.network.cut();
  await site.until(() => pair(site).entry.imageTracks !== 0);
  const before = await content(site);
  for (const track of [0, 3, 4, 11]) await write(site, track, 90);
  let refusals = 0;
  site.onStep = (_system, step) => {
    if (step === "restore.begin")
      site.disk("a", "area").decide = ({ offsetBytes }) =>
        offsetBytes < HEAD_BYTES && refusals++ < 3 ? { fails: () => false } : "done";
  };
  await site.run(site.at("a").system.execute({ kind: "rollback", volume: "pvol" }));
  await site.until(() => site.at("a").system.restores().length === 0);
  expect(refusals).toBeGreaterThanOrEqual(3);
  await site.crash("a");
  expect([await content(site), site.at("a").system.restores()]).toEqual([before, []]);
});

/** The primary is being overwritten by an operator's choice; what is to be copied waits at the other end. */
async function overwritten(): Promise<{ readonly site: Site; readonly before: Uint8Array; readonly go: () => void }> {
  const site = await open("old-data");
  for (let track = 0; track < TRACKS; track++) await write(site, track, 1 + track);
  await site.run(site.at("a").system.execute({ kind: "split", pair: "p", secondary: "read-write" }));
  const before = await content(site);
  const host = site.at("b").system.device("svol");
  for (const track of [2, 3, 9]) await site.run(host.write(track * TRACK_BYTES, new Uint8Array(TRACK_BYTES).fill(90)));
  let go = (): void => {};
  const gate = new Promise<void>((resolve) => {
    go = resolve;
  });
  site.disk("b", "svol").beforeRead = (offsetBytes) => (offsetBytes > 4 * TRACK_BYTES ? gate : undefined);
  await site.run(site.at("a").system.execute({ kind: "resync", pair: "p", direction: "reverse" }));
  await site.until(() => site.disk("a", "pvol").visible[3 * TRACK_BYTES] === 90);
  return { site, before, go };
}

test("a rollback is refused while a resync overwrites the volume, which then ends", async () => {
  const { site, go } = await overwritten();
  const given = site.run(site.at("a").system.execute({ kind: "rollback", volume: "pvol" }));
  await expect(given).rejects.toMatchObject({ code: "ILLEGAL_TRANSITION" });
  go();
  await duplex(site);
  expect(site.disk("a", "pvol").visible).toEqual(site.disk("b", "svol").visible);
});

test("a volume that was rolled back and is whole may be rolled back again: its history is its own then", async () => {
  const { site, before, go } = await overwritten();
  site.network.cut();
  await site.until(() => pair(site).entry.status === "SPLIT");
  const { current } = pair(site).entry;
  for (const isOwn of [false, true]) {
    await site.run(site.at("a").system.execute({ kind: "rollback", volume: "pvol" }));
    await site.until(() => site.at("a").system.restores().length === 0);
    expect(await content(site)).toEqual(before);
    expect(pair(site).entry.current !== current).toBe(isOwn);
  }
  go();
  site.network.heal();
  // The operator's choice still stands.
  await duplex(site);
  expect(site.disk("a", "pvol").visible).toEqual(site.disk("b", "svol").visible);
  expect(site.disk("a", "pvol").visible[9 * TRACK_BYTES]).toBe(90);
});
