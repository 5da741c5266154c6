import { expect, test } from "vitest";
import type { Command } from "../controller/command.ts";
import { completeGroup } from "./group-recovery.ts";
import { logBytesMin } from "./log-layout.ts";
import { FakeDisk } from "../testing/fake-disk.ts";
import { Site } from "../testing/site.node.ts";
import { testRuntime } from "../testing/test-runtime.node.ts";
import { Volume } from "../volume/volume.ts";

const TRACK_BYTES = 1024;
const SIZE_BYTES = 8 * TRACK_BYTES;
const LOG_BYTES = logBytesMin(new Volume("v", new FakeDisk(SIZE_BYTES), TRACK_BYTES, testRuntime())) + 16 * TRACK_BYTES;
const VOLUMES = ["log", "data"] as const;

async function openSite(): Promise<Site> {
  const site = await Site.open({
    sizeBytes: SIZE_BYTES,
    trackBytes: TRACK_BYTES,
    systems: { a: VOLUMES.flatMap((name) => [name, `${name}-log`, `${name}-base`]) },
    sizesBytes: { "log-log": LOG_BYTES, "data-log": LOG_BYTES },
    journals: {
      a: VOLUMES.map((volume) => ({ volume, log: `${volume}-log`, base: `${volume}-base`, group: "database" })),
    },
  });
  await site.until(() =>
    site
      .at("a")
      .system.journals()
      .every(({ moments }) => moments.isRecoverable),
  );
  return site;
}

async function writeBoth(site: Site, value: number): Promise<void> {
  for (const name of VOLUMES) {
    const data = new Uint8Array(2 * TRACK_BYTES).fill(value);
    await site.run(site.at("a").system.device(name).write(TRACK_BYTES, data));
  }
}

/** The first bytes of both, as a host sees them. */
async function contents(site: Site): Promise<readonly number[]> {
  const found: number[] = [];
  for (const name of VOLUMES) {
    const data = await site.run(
      site
        .at("a")
        .system.device(name)
        .read(TRACK_BYTES, 2 * TRACK_BYTES),
    );
    expect(new Set(data).size).toBe(1);
    found.push(data[0] as number);
  }
  return found;
}

const recoverTo = (timeUs: number, method: "apply" | "swap"): Command => ({
  kind: "recover-group",
  group: "database",
  to: { timeUs },
  method,
});

/** Power is lost at the write with that number after the command. @returns false if there is none */
async function loseAt(write: number, method: "apply" | "swap", survives: boolean): Promise<boolean> {
  const site = await openSite();
  await writeBoth(site, 1);
  await site.pass(1_000);
  const [journal] = site.at("a").system.journals();
  const timeUs = journal?.parts.clock.nowUs() ?? -1;
  await writeBoth(site, 2);
  const { system, disks } = site.at("a");
  let writes = 0;
  let lost = false;
  for (const disk of disks.values())
    disk.decide = () => {
      if (writes++ !== write) return lost ? { crashes: () => false } : "done";
      lost = true;
      return { crashes: () => survives };
    };
  let answered = false;
  const command = system.execute(recoverTo(timeUs, method)).then(() => {
    answered = true;
  });
  await site.until(() => lost || answered);
  // Without a crash all of it is brought in the end.
  if (!lost) await command;
  await site.pass(1_000_000_000);
  const promised = answered;
  await site.crash("a");
  const found = await contents(site);
  expect(found, `write ${write}`).toEqual(promised || found[0] === 1 ? [1, 1] : [2, 2]);
  // And it goes on from there.
  await writeBoth(site, 3);
  await site.crash("a");
  expect(await contents(site), `write ${write}`).toEqual([3, 3]);
  return lost;
}

test.each([
  ["apply", false],
  ["apply", true],
  ["swap", false],
  ["swap", true],
] as const)(
  "by %s: whatever write a loss of power comes at (kept: %s), both volumes went back or none did",
  async (method, survives) => {
    let write = 0;
    while (await loseAt(write, method, survives)) write++;
    expect(write).toBeGreaterThan(5);
  },
);

test("the moment after an entry of one volume is one of the other; a member that cannot go back keeps all from it", async () => {
  const site = await openSite();
  await writeBoth(site, 1);
  const { system } = site.at("a");
  const [log, data] = system.journals();
  const lsn = log?.table.newestLsn ?? 0;
  await writeBoth(site, 2);
  // The data was written after the log's entry: at that moment it held zeros.
  const to = { volume: "log", lsn };
  await site.run(system.execute({ kind: "recover-group", group: "database", to, method: "apply" }));
  await site.until(() => system.restores().length === 0);
  expect(await contents(site)).toEqual([1, 0]);
  await expect(
    site.run(system.execute({ kind: "recover-group", group: "other", to, method: "apply" })),
  ).rejects.toMatchObject({ code: "GROUP_UNKNOWN" });
  await expect(
    site.run(system.execute({ kind: "recover-group", group: "database", to: { volume: "x", lsn }, method: "apply" })),
  ).rejects.toMatchObject({ code: "JOURNAL_UNKNOWN", context: { volume: "x" } });
  // A base that is none: nothing goes back.
  if (data !== undefined) data.management.state.base = "stale";
  await expect(site.run(system.execute(recoverTo(0, "apply")))).rejects.toMatchObject({ code: "JOURNAL_NOT_READY" });
  expect(await contents(site)).toEqual([1, 0]);
  expect(system.restores()).toEqual([]);
});

test("the moment after an entry of one volume has of the others all that was written before, and nothing later", async () => {
  const site = await openSite();
  const { system } = site.at("a");
  const [, data] = system.journals();
  // Each time the log is written before the data.
  await writeBoth(site, 1);
  await writeBoth(site, 2);
  const lsn = data?.table.newestLsn ?? 0;
  await writeBoth(site, 3);
  for (const [back, expected] of [
    [0, [2, 2]],
    [1, [1, 1]],
  ] as const) {
    const to = { volume: "data", lsn: lsn - back };
    await site.run(system.execute({ kind: "recover-group", group: "database", to, method: "apply" }));
    await site.until(() => system.restores().length === 0);
    expect(await contents(site)).toEqual(expected);
  }
});

test("from the command on hosts of all volumes wait, also of one whose other end is not asked", async () => {
  const journals = VOLUMES.map((volume) => ({ volume, log: `${volume}-log`, base: `${volume}-base`, group: "g" }));
  const site = await Site.open({
    sizeBytes: SIZE_BYTES,
    trackBytes: TRACK_BYTES,
    systems: { a: VOLUMES.flatMap((name) => [name, `${name}-log`, `${name}-base`]), b: ["copy"] },
    sizesBytes: { "log-log": LOG_BYTES, "data-log": LOG_BYTES },
    journals: { a: journals },
    links: { link: ["a", "b"] },
  });
  const { system } = site.at("a");
  const pair = { pair: "log", volume: "log", link: "link", peerVolume: "copy", mode: "sync" } as const;
  await site.run(system.execute({ kind: "create", ...pair }));
  await site.until(
    () =>
      system.pair("log")?.entry.status === "DUPLEX" && system.journals().every(({ moments }) => moments.isRecoverable),
  );
  await writeBoth(site, 1);
  const to = { volume: "log", lsn: system.journals()[0]?.table.newestLsn ?? 0 };
  await writeBoth(site, 2);
  const recovery = system.execute({ kind: "recover-group", group: "g", to, method: "apply" });
  // After the command: what they write is after the moment, whenever the other end answers.
  const written = VOLUMES.map((name) =>
    system.device(name).write(TRACK_BYTES, new Uint8Array(2 * TRACK_BYTES).fill(3)),
  );
  await site.run(recovery);
  await site.run(Promise.all(written));
  await site.until(() => system.restores().length === 0);
  expect(await contents(site)).toEqual([3, 3]);
});

test("at the other end, which goes back by itself, no moment has all volumes of a group consistent and only some of them back", async () => {
  const journals = VOLUMES.map((volume) => ({ volume, log: `${volume}-log`, base: `${volume}-base`, group: "g" }));
  const volumes = VOLUMES.flatMap((name) => [name, `${name}-log`, `${name}-base`]);
  const site = await Site.open({
    sizeBytes: SIZE_BYTES,
    trackBytes: TRACK_BYTES,
    systems: { a: volumes, b: volumes },
    sizesBytes: { "log-log": LOG_BYTES, "data-log": LOG_BYTES },
    journals: { a: journals, b: journals },
    links: { link: ["a", "b"] },
  });
  const [a, b] = [site.at("a").system, site.at("b").system];
  for (const volume of VOLUMES)
    await site.run(a.execute({ kind: "create", pair: volume, volume, link: "link", peerVolume: volume, mode: "sync" }));
  const isWhole = (): boolean =>
    VOLUMES.every((name) => a.pair(name)?.entry.status === "DUPLEX" && b.pair(name)?.entry.status === "DUPLEX") &&
    [a, b].every((system) => system.journals().every(({ moments }) => moments.isRecoverable));
  await site.until(isWhole);
  await writeBoth(site, 1);
  const to = { volume: "data", lsn: a.journals()[1]?.table.newestLsn ?? 0 };
  await writeBoth(site, 2);
  const seen = new Set<string>();
  site.onStep = () => {
    if (!VOLUMES.every((name) => b.pair(name)?.entry.consistent)) return;
    const disks = b.journals().map(({ parts }) => parts.volume.disk as FakeDisk);
    seen.add(disks.map((disk) => disk.visible[TRACK_BYTES]).join(" "));
  };
  await site.run(a.execute({ kind: "recover-group", group: "g", to, method: "swap" }));
  await site.until(() => isWhole() && VOLUMES.every((name) => b.pair(name)?.entry.consistent === true));
  expect(site.at("a").runtime.steps.filter((step) => step === "pair.recover.sent")).toHaveLength(VOLUMES.length);
  expect(seen).toEqual(new Set(["2 2", "1 1"]));
});

test("a group of one volume goes back as a volume does: nothing else is written", async () => {
  const site = await Site.open({
    sizeBytes: SIZE_BYTES,
    trackBytes: TRACK_BYTES,
    systems: { a: ["log", "log-log", "log-base"] },
    sizesBytes: { "log-log": LOG_BYTES },
    journals: { a: [{ volume: "log", log: "log-log", base: "log-base", group: "g" }] },
  });
  const { system, runtime } = site.at("a");
  const device = system.device("log");
  await site.until(() => system.journals().every(({ moments }) => moments.isRecoverable));
  for (const value of [1, 2]) await site.run(device.write(0, new Uint8Array(TRACK_BYTES).fill(value)));
  await site.run(system.execute({ kind: "recover-group", group: "g", to: { volume: "log", lsn: 1 }, method: "swap" }));
  expect((await site.run(device.read(0, TRACK_BYTES)))[0]).toBe(1);
  expect(runtime.steps).toContain("journal.swapped");
  expect(runtime.steps).not.toContain("journal.group.decided");
});

test("a moment before the window of another volume is refused; so is a start without a journal of a decided group", async () => {
  const site = await openSite();
  await writeBoth(site, 1);
  const { system } = site.at("a");
  const [log, data] = system.journals();
  const { newestLsn: lsn = 0 } = log?.table ?? {};
  // Until its oldest entries are folded.
  const device = system.device("data");
  while (data?.management.state.baseLsn === 0) await site.run(device.write(0, new Uint8Array(TRACK_BYTES)));
  await expect(
    site.run(
      system.execute({
        kind: "recover-group",
        group: "database",
        to: { volume: "log", lsn: lsn - 1 },
        method: "apply",
      }),
    ),
  ).rejects.toMatchObject({ code: "JOURNAL_POINT" });
  if (log === undefined) throw new Error("a journal is missing");
  log.management.state.decided = [{ journalId: 1, method: "apply", targetLsn: 0, lsn: 1 }];
  await expect(completeGroup(log, [log])).rejects.toMatchObject({ code: "JOURNAL_MISFIT" });
});
