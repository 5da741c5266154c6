import { expect, test } from "vitest";
import type { Command } from "../controller/command.ts";
import type { EngineErrorCode } from "../errors.ts";
import { Site, type SitePlan } from "../testing/site.node.ts";

const TRACK_BYTES = 2048;
/** The last track is partial. */
const SIZE_BYTES = 20 * TRACK_BYTES + 512;

const cascade: SitePlan = {
  sizeBytes: SIZE_BYTES,
  trackBytes: TRACK_BYTES,
  systems: {
    a: ["pvol", "qvol", "rvol"],
    b: ["svol", "tvol", "m1", "m2", "n1", "free", "small", "coarse", "area"],
    c: ["far"],
  },
  sizesBytes: { small: SIZE_BYTES - 512, area: 2 * SIZE_BYTES },
  tracksBytes: { coarse: 2 * TRACK_BYTES },
  images: { b: [{ volume: "tvol", method: "old-data", area: "area" }] },
  links: { link: ["a", "b"], other: ["a", "c"] },
};

function filled(value: number, lengthBytes = TRACK_BYTES): Uint8Array {
  return new Uint8Array(lengthBytes).fill(value);
}

function statusOf(site: Site, name: string): string {
  const pair = site.at("b").system.localPair(name) ?? site.at("a").system.pair(name);
  return pair?.entry.status ?? "none";
}

/** A cascade of which everything is DUPLEX: two remote mirrors, three local ones. */
async function open(mode: "sync" | "async" = "sync"): Promise<Site> {
  const site = await Site.open(cascade);
  const { a, b } = { a: site.at("a").system, b: site.at("b").system };
  for (const [pair, volume, peerVolume] of [
    ["p", "pvol", "svol"],
    ["q", "qvol", "tvol"],
  ] as const)
    await site.run(a.execute({ kind: "create", pair, volume, link: "link", peerVolume, mode }));
  await site.run(a.execute({ kind: "create", pair: "r", volume: "rvol", link: "other", peerVolume: "far", mode }));
  for (const [pair, volume, mirrorVolume] of [
    ["l1", "svol", "m1"],
    ["l2", "svol", "m2"],
    ["k1", "tvol", "n1"],
  ] as const)
    await site.run(b.execute({ kind: "create-local", pair, volume, mirrorVolume }));
  await site.until(() => ["p", "q", "r", "l1", "l2", "k1"].every((name) => statusOf(site, name) === "DUPLEX"));
  return site;
}

test.each(["sync", "async"] as const)(
  "%s: a cascade is one content; backups are of their moments, and the remote mirror stays DUPLEX (BR-5, BR-6, BR-7)",
  async (mode) => {
    const site = await open(mode);
    const a = site.at("a").system;
    const host = a.device("pvol");
    await site.run(host.write(512, filled(1, 3 * TRACK_BYTES)));
    const before = host.write(0, filled(2));
    const backup = a.execute({ kind: "backup", pairs: ["p"], mirrors: ["l1"] });
    const after = host.write(TRACK_BYTES, filled(3));
    await site.run(Promise.all([before, backup, after]));
    expect(site.at("a").runtime.steps).not.toContain("pair.suspended");
    expect([statusOf(site, "p"), statusOf(site, "l1"), statusOf(site, "l2")]).toEqual(["DUPLEX", "SPLIT", "DUPLEX"]);
    const moment = new Uint8Array(SIZE_BYTES);
    moment.set(filled(1, 3 * TRACK_BYTES), 512);
    // A write that was on its way at the command may be in the backup or not; one that came later is not.
    if (site.disk("b", "m1").durable[0] === 2) moment.set(filled(2), 0);
    expect(site.disk("b", "m1").durable).toEqual(moment);

    await site.run(a.execute({ kind: "backup", pairs: ["p"], mirrors: ["l2"] }));
    await site.run(host.write(TRACK_BYTES, filled(4)));
    await site.run(site.at("b").system.execute({ kind: "resync", pair: "l1" }));
    await site.until(() => statusOf(site, "l1") === "DUPLEX" && a.pair("p")?.pending.count === 0);
    await site.until(() => site.at("b").system.localPair("l1")?.pending.count === 0);
    expect(site.disk("b", "m1").durable).toEqual(site.disk("a", "pvol").durable);
    expect(site.disk("b", "m2").durable[TRACK_BYTES]).toBe(3);
  },
);

type Refusal = readonly [EngineErrorCode, string, "a" | "b", Command];
test.each<Refusal>([
  ["PAIR_UNKNOWN", "a backup through no pair", "a", { kind: "backup", pairs: ["x"], mirrors: ["l1"] }],
  ["PAIR_UNKNOWN", "a backup onto no mirror", "a", { kind: "backup", pairs: ["p"], mirrors: ["l1", "x"] }],
  ["NOT_FED", "a backup onto a mirror of another volume", "a", { kind: "backup", pairs: ["p"], mirrors: ["l1", "k1"] }],
  ["PAIR_EXISTS", "a second mirror onto a mirror", "b", { ...local("x"), volume: "tvol", mirrorVolume: "m1" }],
  ["PAIR_EXISTS", "a mirror onto the volume of a remote mirror", "b", { ...local("x"), mirrorVolume: "tvol" }],
  ["PAIR_EXISTS", "a name that a remote mirror has", "b", local("p")],
  ["MIRROR_MISFIT", "a volume as its own mirror", "a", { ...local("x"), volume: "free", mirrorVolume: "free" }],
  ["MIRROR_MISFIT", "a mirror of another size", "b", { ...local("x"), mirrorVolume: "small" }],
  ["MIRROR_MISFIT", "a mirror with tracks of another size", "b", { ...local("x"), mirrorVolume: "coarse" }],
  ["MIRROR_MISFIT", "a mirror that an image needs", "b", { ...local("x"), mirrorVolume: "area" }],
  ["MIRROR_MISFIT", "a mirror of what an image needs", "b", { ...local("x"), volume: "area", mirrorVolume: "free" }],
  ["NOT_ONE_LINK", "a backup through two links", "a", { kind: "backup", pairs: ["p", "r"], mirrors: ["l1"] }],
  ["ILLEGAL_TRANSITION", "a resync of a mirror in DUPLEX", "a", { kind: "resync", pair: "l1" }],
  ["ILLEGAL_TRANSITION", "a swap of roles of a local mirror", "b", { kind: "failback", pair: "l1" }],
])("%s refuses %s, and changes nothing", async (code, _, at, command) => {
  const site = await open();
  const entries = (): unknown =>
    structuredClone(
      ["a", "b"].flatMap((name) =>
        site
          .at(name)
          .system.localPairs()
          .map(({ entry }) => entry),
      ),
    );
  const before = entries();
  await expect(site.run(site.at(at).system.execute(command))).rejects.toMatchObject({ code });
  expect(entries()).toEqual(before);
  expect(site.at("a").runtime.steps).not.toContain("pair.suspended");
});

function local(pair: string): Extract<Command, { kind: "create-local" }> {
  return { kind: "create-local", pair, volume: "svol", mirrorVolume: "n1" };
}
