import { expect, test } from "vitest";
import { Rig, RigDisks, TRACK_BYTES as RIG_TRACK_BYTES } from "../journal/journal-rig.node.ts";
import { logAreaBytes } from "../journal/log-layout.ts";
import { RECORD_HEADER_BYTES } from "../journal/journal-record.ts";
import { DiskError, NS_PER_MS } from "../ports/index.ts";
import { drained } from "../testing/drained.node.ts";
import { Site } from "../testing/site.node.ts";
import { openLsnImage } from "./lsn-image.ts";

const TRACK_BYTES = 8192;
const TRACKS = 64;
const SIZE_BYTES = TRACKS * TRACK_BYTES;
const never = new Promise<never>(() => {});

const DEVICES = { a: "pvol", b: "svol" } as const;
type Name = keyof typeof DEVICES;

async function paired(logBytes: number): Promise<Site> {
  const journal = (volume: string) => ({ volume, log: `${volume}-log`, base: `${volume}-base` });
  const site = await Site.open({
    sizeBytes: SIZE_BYTES,
    trackBytes: TRACK_BYTES,
    systems: { a: ["pvol", "pvol-log", "pvol-base"], b: ["svol", "svol-log", "svol-base"] },
    sizesBytes: { "pvol-log": logBytes, "svol-log": logBytes },
    journals: { a: [journal("pvol")], b: [journal("svol")] },
    images: { a: [{ volume: "pvol", method: "lsn" }], b: [{ volume: "svol", method: "lsn" }] },
    links: { link: ["a", "b"] },
  });
  const create = {
    kind: "create",
    pair: "p",
    volume: "pvol",
    link: "link",
    peerVolume: "svol",
    mode: "async",
  } as const;
  await site.run(site.at("a").system.execute(create));
  await site.until(() => both((name) => status(site, name) === "DUPLEX" && isRecoverable(site, name)));
  return site;
}

function both(ok: (name: Name) => boolean): boolean {
  return ok("a") && ok("b");
}

function status(site: Site, name: Name): string | undefined {
  return site.at(name).system.pair("p")?.entry.status;
}

function isRecoverable(site: Site, name: Name): boolean {
  return site.at(name).system.journals()[0]?.moments.isRecoverable === true;
}

function imageState(site: Site, name: Name): string | undefined {
  return site.at(name).system.images()[0]?.state;
}

function request(site: Site, name: Name, track: number, fill: number): Promise<void> {
  const data = new Uint8Array(TRACK_BYTES).fill(fill);
  return site
    .at(name)
    .system.device(DEVICES[name])
    .write(track * TRACK_BYTES, data);
}

function write(site: Site, name: Name, track: number, fill: number): Promise<void> {
  return site.run(request(site, name, track, fill));
}

function read(site: Site, name: Name): Promise<Uint8Array> {
  return site.run(site.at(name).system.device(DEVICES[name]).read(0, SIZE_BYTES));
}

function content(site: Site, name: Name): Promise<Uint8Array> {
  return site.disk(name, DEVICES[name]).read(0, SIZE_BYTES);
}

async function cut(site: Site): Promise<void> {
  site.network.cut();
  await site.until(() => both((name) => status(site, name) === "SPLIT" && imageState(site, name) === "fixed"));
}

async function healed(site: Site): Promise<void> {
  site.network.heal();
  await site.until(() => both((name) => status(site, name) === "DUPLEX" && imageState(site, name) === "none"));
  expectSame(await content(site, "a"), await content(site, "b"));
}

function expectSame(found: Uint8Array, expected: Uint8Array): void {
  expect(found.findIndex((byte, at) => byte !== expected[at])).toBe(-1);
}

test("while the content of the image is brought back hosts read it and may not write, for the log needs the room", async () => {
  const site = await paired(4 * SIZE_BYTES);
  for (let track = 0; track < TRACKS; track++) await write(site, "a", track, 1 + track);
  await cut(site);
  const before = await content(site, "a");
  for (let track = 0; track < TRACKS; track++) await write(site, "a", track, 101 + track);
  // What is brought back does not get there.
  site.disk("a", "pvol").decide = ({ sectors }) => (sectors > TRACK_BYTES / 512 ? { fails: () => false } : "done");
  await site.run(site.at("a").system.execute({ kind: "rollback", volume: "pvol" }));
  await expect(write(site, "a", 0, 9)).rejects.toMatchObject({ code: "NO_ACCESS" });
  await site.crash("a");
  expectSame(await read(site, "a"), before);
  await site.until(() => site.at("a").system.restores().length === 0);
  await write(site, "a", 3, 77);
  await healed(site);
});

test("a rollback brings the image also where a write had failed before it, and nobody could read what that left", async () => {
  const site = await paired(4 * SIZE_BYTES);
  await write(site, "a", 3, 1);
  const disk = site.disk("a", "pvol");
  disk.decide = () => ({ fails: (sector) => sector % 2 === 0 });
  disk.beforeRead = (offsetBytes, lengthBytes) => Promise.reject(new DiskError("EIO", offsetBytes, lengthBytes));
  await expect(write(site, "a", 3, 77)).rejects.toMatchObject({ code: "DISK_FAILED" });
  expect(site.at("a").runtime.steps).toContain("journal.unsure");
  await cut(site);
  disk.decide = () => "done";
  disk.beforeRead = () => undefined;
  const image = await site.run(site.at("a").system.image("pvol").read(0, SIZE_BYTES));
  expect(image[3 * TRACK_BYTES]).toBe(1);
  await site.run(site.at("a").system.execute({ kind: "rollback", volume: "pvol" }));
  await site.until(() => site.at("a").system.restores().length === 0);
  expectSame(await read(site, "a"), image);
  await healed(site);
});

test("a rollback for which the log has no room is refused, and nothing changes", async () => {
  const site = await paired(1_250 * 1024);
  await cut(site);
  for (let track = 0; track < TRACKS; track++) await write(site, "a", track, 101 + track);
  const after = await content(site, "a");
  await expect(site.run(site.at("a").system.execute({ kind: "rollback", volume: "pvol" }))).rejects.toMatchObject({
    code: "JOURNAL_TOO_SMALL",
    context: { volume: "pvol-log" },
  });
  expect([imageState(site, "a"), site.at("a").system.restores()]).toEqual(["fixed", []]);
  expectSame(await read(site, "a"), after);
  await write(site, "a", 0, 1);
  await healed(site);
});

test("an image that the journal went past is not there after a power loss, though nobody could note that", async () => {
  const site = await paired(1_250 * 1024);
  await cut(site);
  await write(site, "a", 0, 1);
  site.at("a").meta.decide = () => never;
  let lost = false;
  let folded = false;
  site.onStep = (_, step) => {
    lost ||= step === "journal.pin.lost";
    folded ||= lost && step === "journal.folded";
  };
  for (let fill = 1; !folded && fill < 500; fill++) {
    // Without the metadata disk none of them is answered once the image is lost.
    void request(site, "a", fill % TRACKS, fill % 251).catch(() => {});
    await site.pass(NS_PER_MS);
  }
  expect(folded).toBe(true);
  await site.crash("a");
  expect(imageState(site, "a")).toBe("lost");
  expect(() => site.at("a").system.image("pvol")).toThrow(expect.objectContaining({ code: "NO_IMAGE" }));
  await write(site, "a", 5, 55);
  await healed(site);
});

test("an image whose journal has no base any more is lost at the read, and never read as something else", async () => {
  const rig = await Rig.start(RigDisks.fresh(0));
  await rig.whole();
  const { image } = openLsnImage(rig.journal, rig.runtime);
  await image.load(0);
  rig.volume.addTap(image);
  const change = (fill: number, track: number): Promise<void> =>
    rig.volume.update({
      kind: "write",
      offsetBytes: track * RIG_TRACK_BYTES,
      data: new Uint8Array(RIG_TRACK_BYTES).fill(fill),
      fua: false,
    });
  await change(1, 0);
  expect(await image.fix(0)).toBe(true);
  // The log does not hold any more what was written to it, and a change takes its time, so that no base is begun.
  const at = rig.disks.log.sizeBytes - logAreaBytes(rig.journal.parts) + RECORD_HEADER_BYTES;
  rig.disks.log.visible[at] = (rig.disks.log.visible[at] as number) ^ 1;
  let go = (): void => {};
  const held = new Promise<"done">((resolve) => {
    go = () => resolve("done");
  });
  rig.disks.volume.decide = ({ offsetBytes }) => (offsetBytes === 9 * RIG_TRACK_BYTES ? held : "done");
  const slow = change(2, 9);
  for (let fill = 3; !rig.runtime.steps.includes("journal.unreadable") && fill < 200; fill++) await change(fill, 2);
  expect(image.state).toBe("fixed");
  await expect(image.read(0, 512)).rejects.toMatchObject({ code: "DISK_FAILED" });
  expect(image.state).toBe("lost");
  go();
  await slow;
  await drained();
  await rig.whole();
  expect((await rig.volume.read(0, 512))[0]).toBe(1);
  expect(rig.runtime.escaped).toEqual([]);
});
