import { expect, test } from "vitest";
import type { Command } from "../controller/command.ts";
import { DiskError, NS_PER_MS } from "../ports/index.ts";
import { FakeDisk, type WriteFate } from "../testing/fake-disk.ts";
import type { LinkEnd } from "../testing/link-pair.ts";
import { Site, type SitePlan } from "../testing/site.node.ts";
import type { Pair } from "./pair.ts";

const TRACK_BYTES = 4096;
const TRACKS = 40;
const SIZE_BYTES = TRACKS * TRACK_BYTES;
const FAILS: WriteFate = { fails: () => false };
const create = { kind: "create", pair: "p", volume: "pvol", link: "link", peerVolume: "svol", mode: "sync" } as const;

interface Shape {
  readonly peerBytes?: number;
  /** There is a pair on the volumes already, made at the other end. */
  readonly taken?: boolean;
}

function plan({ peerBytes = SIZE_BYTES }: Shape = {}): SitePlan {
  return {
    sizeBytes: SIZE_BYTES,
    trackBytes: TRACK_BYTES,
    systems: { a: ["pvol", "keep"], b: ["svol", "mirror"] },
    sizesBytes: { svol: peerBytes },
    links: { link: ["a", "b"] },
  };
}

function open(shape: Shape = {}): Promise<Site> {
  return Site.open(plan(shape));
}

function command(site: Site, at: "a" | "b", given: Command): Promise<void> {
  return site.run(site.at(at).system.execute(given));
}

function pair(site: Site, at: "a" | "b"): Pair {
  return site.at(at).system.pair("p") as Pair;
}

async function duplex(site: Site): Promise<void> {
  const done = (at: "a" | "b"): boolean =>
    pair(site, at).entry.status === "DUPLEX" && pair(site, at).pending.count === 0;
  await site.until(() => done("a") && done("b"));
  expect(site.disk("b", "svol").visible).toEqual(site.disk("a", "pvol").visible);
}

async function opened(): Promise<Site> {
  const site = await open();
  await command(site, "a", create);
  await duplex(site);
  return site;
}

function write(site: Site, track: number, value: number): Promise<void> {
  const data = new Uint8Array(TRACK_BYTES).fill(value);
  return site.run(
    site
      .at("a")
      .system.device("pvol")
      .write(track * TRACK_BYTES, data),
  );
}

/** Tracks from 0 on are different at the ends; the pair is split. */
async function split(site: Site): Promise<void> {
  await command(site, "a", { kind: "split", pair: "p", secondary: "read-only" });
  for (let track = 0; track < TRACKS; track++) await write(site, track, 1 + track);
}

function mend(site: Site): void {
  for (const name of ["a", "b"])
    for (const disk of [...site.at(name).disks.values(), site.at(name).meta]) {
      disk.decide = () => "done";
      disk.beforeRead = () => undefined;
    }
}

test("what the local disk refused the other end may have: the session ends, and the track is copied again", async () => {
  const site = await opened();
  site.disk("a", "pvol").decide = () => ({ fails: (sector) => sector === 0 });
  await expect(write(site, 3, 7)).rejects.toMatchObject({ code: "DISK_FAILED" });
  mend(site);
  expect(site.at("a").runtime.steps).toContain("pair.suspended");
  await duplex(site);
  expect(site.disk("a", "pvol").visible[3 * TRACK_BYTES]).toBe(7);
});

test("of a pair that is split, what the local disk refused is pending, and the session stays", async () => {
  const site = await opened();
  await command(site, "a", { kind: "split", pair: "p", secondary: "read-only" });
  site.disk("a", "pvol").decide = () => ({ fails: (sector) => sector === 0 });
  await expect(write(site, 3, 7)).rejects.toMatchObject({ code: "DISK_FAILED" });
  mend(site);
  expect([[...pair(site, "a").pending.dirty.indices()], pair(site, "a").connection === undefined]).toEqual([
    [3],
    false,
  ]);
  await command(site, "a", { kind: "resync", pair: "p" });
  await duplex(site);
});

test("a secondary whose disk refuses is suspended, hosts go on, and it catches up when mended", async () => {
  const site = await opened();
  site.disk("b", "svol").decide = () => FAILS;
  await write(site, 3, 7);
  expect([pair(site, "a").entry.status, pair(site, "b").entry.suspension]).toEqual(["SPLIT", "error"]);
  mend(site);
  await duplex(site);
});

test.each(["source cannot be read", "source's metadata refuses", "target's disk refuses"] as const)(
  "a resync goes on from where it was after: %s",
  async (what) => {
    const site = await opened();
    await split(site);
    let refusals = 0;
    if (what === "source cannot be read")
      site.disk("a", "pvol").beforeRead = async (offsetBytes, lengthBytes) => {
        if (refusals++ < 2) throw new DiskError("EIO", offsetBytes, lengthBytes);
      };
    else if (what === "target's disk refuses") site.disk("b", "svol").decide = () => (refusals++ < 2 ? FAILS : "done");
    else {
      // Not the table, which tries again by itself.
      const { bitmapOffsetBytes } = pair(site, "a").entry;
      site.at("a").meta.decide = ({ offsetBytes }) =>
        offsetBytes >= bitmapOffsetBytes && refusals++ < 2 ? FAILS : "done";
    }
    await command(site, "a", { kind: "resync", pair: "p" });
    await duplex(site);
    expect(refusals).toBeGreaterThanOrEqual(2);
    expect(site.disk("b", "svol").visible[5 * TRACK_BYTES]).toBe(6);
  },
);

test("a local mirror of a volume that a resync is overwriting is no backup: its split is refused", async () => {
  const site = await opened();
  await command(site, "b", { kind: "create-local", pair: "l", volume: "svol", mirrorVolume: "mirror" });
  await site.until(() => site.at("b").system.localPair("l")?.entry.status === "DUPLEX");
  await split(site);
  let open = (): void => {};
  const gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  site.disk("a", "pvol").beforeRead = () => gate;
  await command(site, "a", { kind: "resync", pair: "p" });
  await site.until(() => !pair(site, "b").entry.consistent);
  await expect(command(site, "b", { kind: "split", pair: "l", secondary: "read-only" })).rejects.toMatchObject({
    code: "NOT_CONSISTENT",
  });
  await expect(command(site, "b", { kind: "takeover", pair: "p" })).rejects.toMatchObject({ code: "NOT_CONSISTENT" });
  open();
  await duplex(site);
});

test.each([
  ["an unknown volume", { ...create, peerVolume: "none" }, {}],
  ["a volume of another size", create, { peerBytes: SIZE_BYTES * 2 }],
  ["a volume of which there is a pair already", { ...create, pair: "q" }, { taken: true }],
] as const)("the other end refuses a pair with %s, and no end knows of it afterwards", async (_, given, shape) => {
  const site = await open(shape);
  if ("taken" in shape) await command(site, "b", { ...create, pair: "r", volume: "svol", peerVolume: "pvol" });
  const known = (): string[] =>
    ["a", "b"].flatMap((at) =>
      site
        .at(at)
        .system.pairs()
        .map(({ entry }) => entry.name),
    );
  const before = known();
  await expect(command(site, "a", given)).rejects.toBeInstanceOf(Error);
  expect(known()).toEqual(before);
  await site.crash("a");
  await site.crash("b");
  expect(known().toSorted()).toEqual(before.toSorted());
});

test("an end that lost its metadata is not taken for a copy: nothing is overwritten", async () => {
  const site = await opened();
  await write(site, 3, 7);
  const { disks, stop } = site.at("b");
  stop();
  site.network.cut();
  await site.start("b", new Map([...disks].map(([name, disk]) => [name, disk.afterCrash()])));
  const { writes } = site.disk("b", "svol");
  site.network.heal();
  await site.until(() => pair(site, "a").refusal === "PAIR_UNKNOWN");
  await site.run(site.sleep(2_000 * NS_PER_MS));
  expect([site.at("b").system.pairs().length, site.disk("b", "svol").writes - writes]).toEqual([0, 0]);
  expect(pair(site, "a").entry.status).toBe("SPLIT");
});

test("with two secondaries in reach one may be told to take over; not while there is a primary", async () => {
  const site = await opened();
  await expect(command(site, "b", { kind: "takeover", pair: "p" })).rejects.toMatchObject({ code: "PEER_ALIVE" });
  await expect(command(site, "a", { kind: "takeover", pair: "p" })).rejects.toMatchObject({ code: "WRONG_ROLE" });
  site.network.cut();
  await site.until(() => pair(site, "a").entry.status === "SPLIT" && pair(site, "b").entry.status === "SPLIT");
  await expect(command(site, "a", { kind: "resync", pair: "p" })).rejects.toMatchObject({ code: "LINK_DOWN" });
  pair(site, "a").entry.role = "secondary";
  pair(site, "a").entry.suspension = "operator";
  pair(site, "b").entry.suspension = "operator";
  site.network.heal();
  await site.until(() => pair(site, "b").peerState !== undefined);
  await command(site, "b", { kind: "takeover", pair: "p" });
  await command(site, "b", { kind: "resync", pair: "p" });
  await duplex(site);
  expect([pair(site, "a").entry.role, pair(site, "b").entry.role]).toEqual(["secondary", "primary"]);
});

test("a resync with nothing to copy leaves the secondary whole all the time: it could take over", async () => {
  const site = await opened();
  await command(site, "a", { kind: "split", pair: "p", secondary: "read-only" });
  // Every durable write of the entry takes its time.
  site.at("b").meta.decide = () => site.sleep(20 * NS_PER_MS).then(() => "done");
  const resync = site.at("a").system.execute({ kind: "resync", pair: "p" });
  const told = new Set<string>();
  for (let ms = 0; ms < 1_000; ms += 5) {
    await site.pass(5 * NS_PER_MS);
    const { status, consistent } = pair(site, "b").entry;
    told.add(`${status} ${consistent}`);
  }
  await resync;
  expect(told).toEqual(new Set(["COPY true", "DUPLEX true"]));
});

test("what the link lost on its way is not given up for what the other end wrote meanwhile: an operator must say so", async () => {
  const site = new Site(plan());
  const ends: LinkEnd[] = [];
  site.network.onDial = (end) => ends.push(end);
  for (const [name, volumes] of Object.entries(plan().systems))
    await site.start(name, new Map(volumes.map((volume) => [volume, new FakeDisk(SIZE_BYTES)])));
  await command(site, "a", { ...create, mode: "async" });
  await duplex(site);
  // Nothing arrives any more, and before anybody notices, the host is told that it is done.
  for (const end of ends) end.carry = () => [];
  await write(site, 0, 7);
  site.network.cut();
  await site.until(() => pair(site, "b").connection === undefined);
  expect(site.disk("b", "svol").visible[0]).not.toBe(7);
  await command(site, "b", { kind: "takeover", pair: "p" });
  await site.run(site.at("b").system.device("svol").write(TRACK_BYTES, new Uint8Array(TRACK_BYTES).fill(8)));
  site.network.heal();
  await site.until(() => pair(site, "a").refusal === "DIVERGED");
  expect(site.disk("a", "pvol").visible[0]).toBe(7);
});

test("of two swaps of roles at once one is done and the other refused: there is one primary, and hosts go on", async () => {
  const site = await opened();
  const given = [0, 1].map(() => site.at("a").system.execute({ kind: "failback", pair: "p" }));
  const outcomes = await site.run(Promise.allSettled(given));
  expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "rejected"]);
  expect(outcomes[1]).toMatchObject({
    reason: { code: "WRONG_ROLE", context: { pair: "p", command: "failback", role: "secondary" } },
  });
  expect([pair(site, "a").entry.role, pair(site, "b").entry.role]).toEqual(["secondary", "primary"]);
  await site.run(site.at("b").system.device("svol").write(0, new Uint8Array(512).fill(9)));
  await duplex(site);
});

test("a split that is faster than a swap of roles stands: the swap is refused", async () => {
  const site = await opened();
  const host = site.at("a").system.device("pvol");
  let open = (): void => {};
  const gate = new Promise<"done">((resolve) => {
    open = () => resolve("done");
  });
  site.disk("a", "pvol").decide = () => gate;
  const written = host.write(0, new Uint8Array(512).fill(9));
  await site.pass(NS_PER_MS);
  const swap = site.at("a").system.execute({ kind: "failback", pair: "p" });
  const split = site.at("a").system.execute({ kind: "split", pair: "p", secondary: "read-only" });
  await site.pass(NS_PER_MS);
  open();
  const [outcome] = await site.run(Promise.allSettled([swap, split, written]));
  expect(outcome).toMatchObject({ status: "rejected", reason: { code: "ILLEGAL_TRANSITION" } });
  expect([pair(site, "a").entry.role, pair(site, "a").entry.status]).toEqual(["primary", "SPLIT"]);
});

test("a restore that begins while the remote mirror is resynchronised reaches it, whole", async () => {
  const site = await open();
  const local = { kind: "create-local", pair: "l", volume: "pvol", mirrorVolume: "keep" } as const;
  await command(site, "a", create);
  await command(site, "a", local);
  for (let track = 0; track < TRACKS; track++) await write(site, track, 101 + track);
  await duplex(site);
  await site.until(() => site.at("a").system.localPair("l")?.entry.status === "DUPLEX");
  await command(site, "a", { kind: "split", pair: "l", secondary: "read-only" });
  const before = site.disk("a", "pvol").visible.slice();
  await split(site);
  // Some tracks of the resync are still to be read when the restore begins.
  let reads = 0;
  let open2 = (): void => {};
  const gate = new Promise<void>((resolve) => {
    open2 = resolve;
  });
  site.disk("a", "pvol").beforeRead = () => (++reads > 1 ? gate : undefined);
  await command(site, "a", { kind: "resync", pair: "p" });
  await site.until(() => reads > 1);
  const restored = site.at("a").system.execute({ kind: "restore", pair: "l", scope: "changed" });
  open2();
  await site.run(restored);
  await duplex(site);
  await site.until(() => site.at("a").system.restores().length === 0);
  await duplex(site);
  expect(site.disk("a", "pvol").visible).toEqual(before);
});
