import { expect, test } from "vitest";
import { DiskError, NS_PER_MS } from "../ports/index.ts";
import { Site } from "../testing/site.node.ts";
import type { Journal } from "./journal.ts";
import { numberAt, offerMoment } from "./together.ts";

const TRACK_BYTES = 8192;
const TRACKS = 64;
const SIZE_BYTES = TRACKS * TRACK_BYTES;
const LOG_BYTES = 8 * SIZE_BYTES;

function journalAt(site: Site, system: string): Journal {
  return site.at(system).system.journals()[0] as Journal;
}

function content(site: Site, system: string): Promise<Uint8Array> {
  return journalAt(site, system).parts.volume.disk.read(0, SIZE_BYTES);
}

function isDuplex(site: Site): boolean {
  return ["a", "b"].every((name) => site.at(name).system.pair("p")?.entry.status === "DUPLEX");
}

function write(site: Site, track: number, fill: number): Promise<void> {
  const data = new Uint8Array(TRACK_BYTES).fill(fill);
  return site.run(
    site
      .at("a")
      .system.device("pvol")
      .write(track * TRACK_BYTES, data),
  );
}

/** A DUPLEX pair with a journal at both ends, or at the primary only. */
async function paired(mode: "sync" | "async", remoteJournal: boolean): Promise<Site> {
  const site = await Site.open({
    sizeBytes: SIZE_BYTES,
    trackBytes: TRACK_BYTES,
    systems: { a: ["pvol", "plog", "pbase"], b: ["svol", "slog", "sbase"] },
    sizesBytes: { plog: LOG_BYTES, slog: LOG_BYTES },
    journals: {
      a: [{ volume: "pvol", log: "plog", base: "pbase" }],
      b: remoteJournal ? [{ volume: "svol", log: "slog", base: "sbase" }] : [],
    },
    links: { link: ["a", "b"] },
  });
  const { system } = site.at("a");
  await site.run(system.execute({ kind: "create", pair: "p", volume: "pvol", link: "link", peerVolume: "svol", mode }));
  await site.until(() => isDuplex(site) && journalAt(site, "a").moments.isRecoverable);
  if (remoteJournal) await site.until(() => journalAt(site, "b").moments.isRecoverable);
  return site;
}

/** Writes all tracks, remembers the moment, writes all of them again. @returns the moment's number and content */
async function twoGenerations(site: Site): Promise<{ readonly lsn: number; readonly before: Uint8Array }> {
  for (let track = 0; track < TRACKS; track++) await write(site, track, 1 + track);
  const { newestLsn: lsn } = journalAt(site, "a").moments.window;
  const before = await content(site, "a");
  for (let track = 0; track < TRACKS; track++) await write(site, track, 101 + track);
  return { lsn, before };
}

async function settled(site: Site): Promise<void> {
  await site.until(() => {
    const pending = site.at("a").system.pair("p")?.pending.count;
    return isDuplex(site) && pending === 0 && ["a", "b"].every((name) => site.at(name).system.restores().length === 0);
  });
}

test.each([
  ["sync", "apply"],
  ["async", "apply"],
  ["sync", "swap"],
  ["async", "swap"],
] as const)(
  "%s, %s: a remote with a journal of its own recovers by itself; the data does not cross the link (JR-5)",
  async (mode, method) => {
    const site = await paired(mode, true);
    const { lsn, before } = await twoGenerations(site);
    await settled(site);
    const sentBytes = site.network.sentBytes;
    await site.run(site.at("a").system.execute({ kind: "recover", volume: "pvol", to: { lsn }, method }));
    await settled(site);
    expect(site.network.sentBytes - sentBytes).toBeLessThan(4096);
    expect(await content(site, "a")).toEqual(before);
    expect(await content(site, "b")).toEqual(before);
    expect(site.at("a").runtime.steps).toContain("pair.recover.sent");
    expect(site.at("a").runtime.steps.includes("pair.suspended")).toBe(false);
    expect(journalAt(site, "b").isExchanged).toBe(method === "swap");
    // What comes later is in step, and numbered alike.
    await write(site, 3, 77);
    await settled(site);
    expect(await content(site, "b")).toEqual(await content(site, "a"));
  },
);

test.each([
  ["a", "apply"],
  ["b", "apply"],
  ["a", "swap"],
  ["b", "swap"],
] as const)(
  "when the disk of %s refused a write that could not be read back, the data crosses the link (%s): the journals differ",
  async (end, method) => {
    const site = await paired("async", true);
    for (let track = 0; track < 8; track++) await write(site, track, 1 + track);
    await settled(site);
    const disk = site.disk(end, end === "a" ? "pvol" : "svol");
    disk.decide = () => ({ fails: (sector) => sector % 2 === 0 });
    disk.beforeRead = (offsetBytes, lengthBytes) => Promise.reject(new DiskError("EIO", offsetBytes, lengthBytes));
    await write(site, 3, 77).catch(() => {});
    await site.until(() => site.at(end).runtime.steps.includes("journal.unsure"));
    disk.decide = () => "done";
    disk.beforeRead = () => undefined;
    await settled(site);
    await write(site, 4, 78);
    const { newestLsn: lsn } = journalAt(site, "a").moments.window;
    await write(site, 5, 79);
    await settled(site);
    await site.run(site.at("a").system.execute({ kind: "recover", volume: "pvol", to: { lsn }, method }));
    await settled(site);
    // At the source somebody has read it, when it was sent again: now it is in both journals, and was not in the moments before.
    expect(journalAt(site, end).unsure.isEmpty).toBe(end === "a");
    expect(site.at("a").runtime.steps).not.toContain("pair.recover.sent");
    expect(await content(site, "b")).toEqual(await content(site, "a"));
  },
);

test("a moment whose last change is a discard is the same at both ends, also behind a recovery", async () => {
  const site = await paired("sync", true);
  const { system } = site.at("a");
  for (let track = 0; track < 4; track++) await write(site, track, 1 + track);
  await site.run(system.device("pvol").trim(TRACK_BYTES, TRACK_BYTES));
  const moments = [journalAt(site, "a").moments.window.newestLsn];
  const before = await content(site, "a");
  for (let track = 0; track < 4; track++) await write(site, track, 101 + track);
  await settled(site);
  for (let round = 0; round < 2; round++) {
    const [to = 0] = moments;
    await site.run(system.execute({ kind: "recover", volume: "pvol", to: { lsn: to }, method: "apply" }));
    await settled(site);
    expect(await content(site, "a")).toEqual(before);
    expect(await content(site, "b")).toEqual(before);
    // The moment of the recovery itself, which has no change of its own.
    moments.unshift(journalAt(site, "a").moments.window.newestLsn);
    await write(site, 2, 55);
    await settled(site);
  }
  expect(site.at("a").runtime.steps.filter((step) => step === "pair.recover.sent")).toHaveLength(2);
});

test("the second recovery undoes the first, at both ends, by themselves", async () => {
  const site = await paired("sync", true);
  const { lsn } = await twoGenerations(site);
  const after = await content(site, "a");
  const { newestLsn } = journalAt(site, "a").moments.window;
  for (const to of [lsn, newestLsn]) {
    await site.run(site.at("a").system.execute({ kind: "recover", volume: "pvol", to: { lsn: to }, method: "apply" }));
    await settled(site);
  }
  expect(site.at("a").runtime.steps.filter((step) => step === "pair.recover.sent")).toHaveLength(2);
  expect(await content(site, "a")).toEqual(after);
  expect(await content(site, "b")).toEqual(after);
});

test.each(["apply", "swap"] as const)("%s: a remote without a journal gets what is brought", async (method) => {
  const site = await paired("sync", false);
  const { lsn, before } = await twoGenerations(site);
  await site.run(site.at("a").system.execute({ kind: "recover", volume: "pvol", to: { lsn }, method }));
  await settled(site);
  expect(await content(site, "a")).toEqual(before);
  expect(await site.disk("b", "svol").read(0, SIZE_BYTES)).toEqual(before);
  expect(site.at("a").runtime.steps.includes("pair.suspended")).toBe(false);
});

test.each(["a", "b"] as const)("%s loses power in the middle: both come to the same moment", async (name) => {
  for (const step of ["journal.recover.begin", "pair.recover.sent", "restore.brought", "journal.recover.done"]) {
    const site = await paired("sync", true);
    const { lsn, before } = await twoGenerations(site);
    const { newestLsn } = journalAt(site, "a").moments.window;
    const after = await content(site, "a");
    let reached = false;
    site.onStep = (_, taken) => {
      reached ||= taken === step;
    };
    const { system } = site.at("a");
    const command = system.execute({ kind: "recover", volume: "pvol", to: { lsn }, method: "apply" });
    void command.catch(() => {});
    for (let wait = 0; !reached && wait < 1000; wait++) await site.pass(NS_PER_MS / 100);
    expect(reached, step).toBe(true);
    await site.crash(name, (sector) => sector % 3 === 0);
    await settled(site);
    const rewound = journalAt(site, "a").moments.window.newestLsn > newestLsn;
    expect(await content(site, "a"), step).toEqual(rewound ? before : after);
    expect(await content(site, "b"), step).toEqual(rewound ? before : after);
  }
});

test("after the roles are swapped a moment from before is known at both ends by its old number", async () => {
  const site = await paired("sync", true);
  const { lsn, before } = await twoGenerations(site);
  await settled(site);
  const number = numberAt(journalAt(site, "a"), lsn);
  expect(number).toBeDefined();
  const there = number && journalAt(site, "b").table.ofPeer(number)?.lsn;
  await site.run(site.at("a").system.execute({ kind: "failback", pair: "p" }));
  await settled(site);
  const sentBytes = site.network.sentBytes;
  const recover = { kind: "recover", volume: "svol", to: { lsn: there ?? 0 }, method: "apply" } as const;
  await site.run(site.at("b").system.execute(recover));
  await settled(site);
  expect(site.network.sentBytes - sentBytes).toBeLessThan(4096);
  expect(site.at("b").runtime.steps).toContain("pair.recover.sent");
  for (const system of ["a", "b"]) expect(await content(site, system)).toEqual(before);
});

test("a remote whose base is not whole gets what is brought", async () => {
  const site = await paired("sync", true);
  const first = await twoGenerations(site);
  await settled(site);
  // The disk that is to be the next base there.
  site.disk("b", "svol").decide = () => ({ fails: () => false });
  const recover = { kind: "recover", volume: "pvol" } as const;
  await site.run(site.at("a").system.execute({ ...recover, to: { lsn: first.lsn }, method: "swap" }));
  await site.until(() => journalAt(site, "a").moments.isRecoverable);
  const second = await twoGenerations(site);
  await settled(site);
  expect(journalAt(site, "b").moments.isRecoverable).toBe(false);
  const sentBytes = site.network.sentBytes;
  await site.run(site.at("a").system.execute({ ...recover, to: { lsn: second.lsn }, method: "apply" }));
  await settled(site);
  expect(site.network.sentBytes - sentBytes).toBeGreaterThan(SIZE_BYTES);
  for (const system of ["a", "b"]) expect(await content(site, system)).toEqual(second.before);
  site.disk("b", "svol").decide = () => "done";
  await site.until(() => journalAt(site, "b").moments.isRecoverable);
});

test("a swap while the other end is away is a history of its own, which it gets when it is back", async () => {
  const site = await paired("sync", false);
  const { lsn, before } = await twoGenerations(site);
  await settled(site);
  site.network.cut();
  await site.until(() => site.at("a").system.pair("p")?.entry.status === "SPLIT");
  await site.run(site.at("a").system.execute({ kind: "recover", volume: "pvol", to: { lsn }, method: "swap" }));
  expect(site.at("a").runtime.steps.filter((step) => step === "pair.forked")).toHaveLength(1);
  site.network.heal();
  await settled(site);
  expect(await content(site, "a")).toEqual(before);
  expect(await site.disk("b", "svol").read(0, SIZE_BYTES)).toEqual(before);
});

test("a moment before every change has no number; one that the other end never had is refused there", async () => {
  const site = await paired("sync", true);
  const recover = { kind: "recover", volume: "pvol", to: { lsn: 0 }, method: "apply" } as const;
  await write(site, 3, 7);
  await settled(site);
  expect(numberAt(journalAt(site, "a"), 0)).toBeUndefined();
  await site.run(site.at("a").system.execute(recover));
  await settled(site);
  for (const system of ["a", "b"]) expect(await content(site, system)).toEqual(new Uint8Array(SIZE_BYTES));
  const unknown = { journalId: 0x7fff_fff0, lsn: 1 };
  expect(() => offerMoment(journalAt(site, "b"), unknown)).toThrow(expect.objectContaining({ code: "JOURNAL_POINT" }));
});

test("the secondary of a mirror that is in step goes nowhere by itself", async () => {
  const site = await paired("sync", true);
  await write(site, 3, 7);
  await settled(site);
  const before = await content(site, "b");
  const { newestLsn: lsn } = journalAt(site, "b").moments.window;
  for (const method of ["apply", "swap"] as const) {
    const command = { kind: "recover", volume: "svol", to: { lsn }, method } as const;
    await expect(site.run(site.at("b").system.execute(command))).rejects.toMatchObject({ code: "NO_ACCESS" });
  }
  expect(await content(site, "b")).toEqual(before);
});

test("the log and the base of a journal are nobody's mirror", async () => {
  const site = await paired("sync", true);
  const command = { kind: "create", pair: "q", link: "link", mode: "sync" } as const;
  const { system } = site.at("a");
  await expect(site.run(system.execute({ ...command, volume: "pbase", peerVolume: "sbase" }))).rejects.toMatchObject({
    code: "NO_ACCESS",
  });
});

test("a volume that a resync is to overwrite while it goes back by its journal: what is still to be brought is copied, too", async () => {
  const site = await paired("sync", false);
  const { lsn } = await twoGenerations(site);
  await settled(site);
  const { system } = site.at("a");
  await site.run(system.execute({ kind: "split", pair: "p", secondary: "read-write" }));
  // The first tracks are brought when the ends agree, and the others after that.
  const agreed = Promise.withResolvers<void>();
  for (const disk of ["plog", "pbase"]) site.disk("a", disk).beforeRead = () => agreed.promise;
  site.onStep = (_, step) => {
    if (step === "pair.decided" && system.pair("p")?.entry.wish === "from-there") agreed.resolve();
  };
  await site.run(system.execute({ kind: "recover", volume: "pvol", to: { lsn }, method: "apply" }));
  expect(system.restores()).toHaveLength(1);
  await site.run(system.execute({ kind: "resync", pair: "p", direction: "reverse" }));
  await settled(site);
  const there = await site.disk("b", "svol").read(0, SIZE_BYTES);
  expect(Buffer.compare(await content(site, "a"), there)).toBe(0);
});

test.each([false, true])(
  "no roles are swapped while disks are exchanged (journal at the other end: %s)",
  async (remote) => {
    const site = await paired("sync", remote);
    const { lsn, before } = await twoGenerations(site);
    await settled(site);
    const [flushed, folded] = [Promise.withResolvers<"done">(), Promise.withResolvers<"done">()];
    const { system, runtime } = site.at("a");
    // The swap of roles is past its drain, and waits for the flush at the other end.
    site.disk("b", "svol").decideFlush = () => flushed.promise;
    await write(site, 0, 99);
    const swapped = Promise.allSettled([system.execute({ kind: "failback", pair: "p" })]);
    await site.pass(10 * NS_PER_MS);
    site.disk("a", "pbase").decide = () => folded.promise;
    const recover = { kind: "recover", volume: "pvol", to: { lsn }, method: "swap" } as const;
    const recovered = Promise.allSettled([system.execute(recover)]);
    await site.pass(10 * NS_PER_MS);
    site.disk("b", "svol").decideFlush = () => "done";
    flushed.resolve("done");
    await site.pass(10 * NS_PER_MS);
    site.disk("a", "pbase").decide = () => "done";
    folded.resolve("done");
    expect(await site.run(swapped)).toMatchObject([{ status: "rejected", reason: { code: "RESTORE_RUNS" } }]);
    expect(await site.run(recovered)).toMatchObject([{ status: "fulfilled" }]);
    expect(runtime.steps).toContain("journal.swapped");
    await settled(site);
    expect(await content(site, "a")).toEqual(before);
    expect(await (remote ? content(site, "b") : site.disk("b", "svol").read(0, SIZE_BYTES))).toEqual(before);
    await site.run(system.execute({ kind: "failback", pair: "p" }));
    expect(site.at("b").system.pair("p")?.entry.role).toBe("primary");
  },
);
