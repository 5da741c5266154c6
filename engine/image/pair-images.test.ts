import { expect, test } from "vitest";
import type { ImageConfig } from "../controller/config.ts";
import { SECTOR_BYTES } from "../ports/index.ts";
import { Site } from "../testing/site.node.ts";

const TRACK_BYTES = 8 * SECTOR_BYTES;
const TRACKS = 12;
/** The last track is partial. */
const SIZE_BYTES = TRACKS * TRACK_BYTES - SECTOR_BYTES;
const AREA_BYTES = SIZE_BYTES + 32 * SECTOR_BYTES;
const METHODS = ["old-data", "reserved-area"] as const;
type Method = (typeof METHODS)[number];

async function openSite(method: Method, areaBytes = AREA_BYTES): Promise<Site> {
  const image = (volume: string): readonly ImageConfig[] => [{ volume, method, area: `${volume}-area` }];
  const site = await Site.open({
    sizeBytes: SIZE_BYTES,
    trackBytes: TRACK_BYTES,
    systems: { a: ["pvol", "pvol-area"], b: ["svol", "svol-area"] },
    sizesBytes: { "pvol-area": areaBytes, "svol-area": areaBytes },
    images: { a: image("pvol"), b: image("svol") },
    links: { link: ["a", "b"] },
  });
  await site.run(
    site.at("a").system.execute({
      kind: "create",
      pair: "p",
      volume: "pvol",
      link: "link",
      peerVolume: "svol",
      mode: "async",
    }),
  );
  await duplex(site);
  return site;
}

function both(site: Site, ok: (name: "a" | "b") => boolean): boolean {
  return ok("a") && ok("b");
}

function status(site: Site, name: string): string | undefined {
  return site.at(name).system.pair("p")?.entry.status;
}

async function duplex(site: Site): Promise<void> {
  await site.until(() => both(site, (name) => status(site, name) === "DUPLEX"));
}

async function write(site: Site, name: "a" | "b", track: number, value: number, sectors = 8): Promise<void> {
  const lengthBytes = Math.min(sectors * SECTOR_BYTES, SIZE_BYTES - track * TRACK_BYTES);
  const device = site.at(name).system.device(name === "a" ? "pvol" : "svol");
  await site.run(device.write(track * TRACK_BYTES, new Uint8Array(lengthBytes).fill(value)));
}

async function content(site: Site, name: "a" | "b"): Promise<Uint8Array> {
  return site.run(site.disk(name, name === "a" ? "pvol" : "svol").read(0, SIZE_BYTES));
}

async function imageOf(site: Site, name: "a" | "b"): Promise<Uint8Array> {
  const image = site.at(name).system.image(name === "a" ? "pvol" : "svol");
  return site.run(image.read(0, SIZE_BYTES));
}

function imageState(site: Site, name: "a" | "b"): string | undefined {
  return site.at(name).system.images()[0]?.state;
}

async function cut(site: Site): Promise<void> {
  site.network.cut();
  await site.until(() => both(site, (name) => status(site, name) === "SPLIT" && imageState(site, name) === "fixed"));
}

test.each(METHODS)(
  "%s: each end fixes its image at the cut, keeps it while hosts write, and deletes it at DUPLEX (LS-1, LS-7, SR-3)",
  async (method) => {
    const site = await openSite(method);
    await write(site, "a", 0, 1);
    await write(site, "a", 11, 2, 3);
    expect(both(site, (name) => imageState(site, name) === "none")).toBe(true);
    await cut(site);
    const [first, second] = [await content(site, "a"), await content(site, "b")];
    for (const track of [0, 3, 11]) await write(site, "a", track, 9, 2);
    expect(await imageOf(site, "a")).toEqual(first);
    expect(await imageOf(site, "b")).toEqual(second);
    expect([...(site.at("a").system.images()[0]?.changedTracks() ?? [])].toSorted((l, r) => l - r)).toEqual([0, 3, 11]);
    await site.crash("a");
    expect(await imageOf(site, "a")).toEqual(first);
    site.network.heal();
    await duplex(site);
    await site.until(() => both(site, (name) => imageState(site, name) === "none"));
    expect(await content(site, "a")).toEqual(await content(site, "b"));
    await site.crash("b");
    await duplex(site);
  },
);

test.each(METHODS)("%s: an operator's split fixes both images, of the same content (LS-1)", async (method) => {
  const site = await openSite(method);
  await write(site, "a", 5, 7);
  await site.run(site.at("a").system.execute({ kind: "split", pair: "p", secondary: "read-write" }));
  await write(site, "a", 5, 8);
  await write(site, "b", 6, 8);
  expect(await imageOf(site, "a")).toEqual(await imageOf(site, "b"));
});

/** Both sides have written since the split; `a` is about to overwrite `b`. */
async function diverged(method: Method): Promise<Site> {
  const site = await openSite(method);
  for (let track = 0; track < TRACKS; track++) await write(site, "a", track, 1 + track);
  await site.run(site.at("a").system.execute({ kind: "split", pair: "p", secondary: "read-write" }));
  for (const track of [1, 4, 5, 11]) await write(site, "a", track, 100 + track, 3);
  for (const track of [0, 4, 7]) await write(site, "b", track, 200 + track, 5);
  await site.run(site.at("b").system.device("svol").flush());
  return site;
}

/** Steps that the two systems take in an undisturbed resync. */
async function resyncSteps(method: Method): Promise<number> {
  const site = await diverged(method);
  let steps = 0;
  site.onStep = () => steps++;
  void site.at("a").system.execute({ kind: "resync", pair: "p", direction: "forward" });
  await duplex(site);
  return steps;
}

interface Blow {
  readonly kind: "cut" | "crash a" | "crash b";
  readonly step: number;
}

/** Strikes at the step; the link stays cut. */
async function interrupted(method: Method, { kind, step }: Blow) {
  const site = await diverged(method);
  const before = await content(site, "b");
  let steps = 0;
  let struck = false;
  site.onStep = () => {
    if (steps++ !== step || struck) return;
    struck = true;
    if (kind === "cut") site.network.cut();
    else site.at(kind === "crash a" ? "a" : "b").stop();
  };
  void site
    .at("a")
    .system.execute({ kind: "resync", pair: "p", direction: "forward" })
    .catch(() => {});
  await site.until(() => struck);
  site.network.cut();
  if (kind !== "cut") await site.crash(kind === "crash a" ? "a" : "b");
  await site.until(() => both(site, (name) => status(site, name) === "SPLIT"));
  await site.pass(0);
  return { site, before };
}

/** The link is back; the command is given again if it had not been accepted. */
async function resynced(site: Site): Promise<void> {
  site.network.heal();
  const a = site.at("a").system;
  await site.until(() => a.pair("p")?.peerState !== undefined);
  if (a.pair("p")?.entry.wish === "" && status(site, "a") === "SPLIT")
    await site.run(a.execute({ kind: "resync", pair: "p", direction: "forward" }));
  await duplex(site);
}

test.each(METHODS)(
  "%s: a resync that is interrupted at any step leaves the image of the overwritten side as before it (LS-8, SR-6)",
  async (method) => {
    const steps = await resyncSteps(method);
    let mixtures = 0;
    for (const kind of ["cut", "crash a", "crash b"] as const)
      for (let step = 0; step < steps; step++) {
        const { site, before } = await interrupted(method, { kind, step });
        const at = `${kind} at step ${step}`;
        if (site.at("b").system.pair("p")?.entry.consistent === false) {
          mixtures++;
          expect(await imageOf(site, "b"), at).toEqual(before);
          await site.crash("b");
          expect(await imageOf(site, "b"), at).toEqual(before);
        }
        await resynced(site);
        expect(await content(site, "b"), at).toEqual(await content(site, "a"));
      }
    expect(mixtures).toBeGreaterThan(3);
  },
  120_000,
);

test.each(METHODS)(
  "%s: after a failed resync a rollback, or a takeover, gives the content from before it; then it resyncs (LS-8)",
  async (method) => {
    const steps = await resyncSteps(method);
    let mixtures = 0;
    for (let step = 0; step < steps; step++) {
      const { site, before } = await interrupted(method, { kind: "cut", step });
      const b = (): ReturnType<Site["at"]> => site.at("b");
      if (b().system.pair("p")?.entry.consistent !== false) continue;
      mixtures++;
      const command =
        mixtures % 2 === 0
          ? ({ kind: "rollback", volume: "svol" } as const)
          : ({ kind: "takeover", pair: "p" } as const);
      await site.run(b().system.execute(command));
      expect(await site.run(b().system.device("svol").read(0, SIZE_BYTES))).toEqual(before);
      if (mixtures % 3 === 0) await site.crash("b");
      await site.until(() => b().system.restores().length === 0);
      expect(await content(site, "b")).toEqual(before);
      expect(b().system.pair("p")?.entry.consistent).toBe(true);
      site.network.heal();
      if (command.kind === "takeover") {
        await site.until(() => site.at("a").system.pair("p")?.connection !== undefined);
        await site.run(site.at("a").system.execute({ kind: "resync", pair: "p", direction: "forward" }));
      }
      await duplex(site);
      expect(await content(site, "b")).toEqual(await content(site, "a"));
    }
    expect(mixtures).toBeGreaterThan(3);
  },
  120_000,
);

test.each(METHODS)(
  "%s: a side on which a resync ends after the link was lost has an image of then, not none (LS-1)",
  async (method) => {
    const site = await openSite(method);
    await cut(site);
    for (const track of [0, 11]) await write(site, "a", track, 7, 2);
    const flushed = Promise.withResolvers<"done">();
    site.onStep = (_system, step) => {
      if (step === "resync.done.sent") site.disk("b", "svol").decideFlush = () => flushed.promise;
    };
    site.network.heal();
    const { steps } = site.at("a").runtime;
    await site.until(() => steps.filter((step) => step === "resync.done.sent").length === 2);
    await site.pass(1e6);
    site.network.cut();
    await site.until(() => status(site, "b") === "SPLIT");
    expect(site.at("b").system.pair("p")?.entry.consistent).toBe(false);
    flushed.resolve("done");
    await site.until(() => site.at("b").system.pair("p")?.entry.consistent === true);
    await site.until(() => imageState(site, "b") === "fixed");
    expect(await imageOf(site, "b")).toEqual(await content(site, "b"));
    expect(site.at("b").system.pair("p")?.entry.imageTracks).toBe(site.at("b").system.image("svol").moment);
    site.network.heal();
    await duplex(site);
    await site.until(() => imageState(site, "b") === "none");
  },
);

test("an image whose area is full is lost, no write fails, and only the differences are copied (SR-5)", async () => {
  const site = await openSite("old-data", 8 * SECTOR_BYTES + 2 * TRACK_BYTES);
  await cut(site);
  for (const track of [2, 3, 6, 8]) await write(site, "a", track, 50);
  expect(imageState(site, "a")).toBe("lost");
  expect(site.at("a").runtime.steps).toContain("image.lost");
  await site.crash("a");
  expect(imageState(site, "a")).toBe("lost");
  const pending = site.at("a").system.pair("p")?.pending;
  for (const track of [2, 3, 6, 8]) expect(pending?.has(track)).toBe(true);
  expect(pending?.count).toBe(4);
  site.network.heal();
  await duplex(site);
  expect(await content(site, "a")).toEqual(await content(site, "b"));
});

test("what the exception tables hold needs no mark, and is pending after a crash (SR-2)", async () => {
  const site = await openSite("old-data");
  await site.pass(1e9);
  await cut(site);
  await site.pass(1e9);
  const { meta } = site.at("a");
  const writes = meta.writes;
  for (const track of [2, 9]) await write(site, "a", track, 50);
  // Only that it writes alone now: no mark.
  expect(meta.writes - writes).toBeLessThanOrEqual(1);
  await site.crash("a");
  const pending = site.at("a").system.pair("p")?.pending;
  expect([2, 9].every((track) => pending?.has(track))).toBe(true);
  expect(pending?.count).toBe(2);
  site.network.heal();
  await duplex(site);
  expect(await content(site, "a")).toEqual(await content(site, "b"));
});
