import { expect, test } from "vitest";
import { Site } from "../testing/site.node.ts";

const TRACK_BYTES = 8192;
const TRACKS = 16;
const SIZE_BYTES = TRACKS * TRACK_BYTES;

/** A DUPLEX pair, every track of it written twice, with nothing pending. */
async function paired(journals: readonly ("a" | "b")[]): Promise<Site> {
  const config = (volume: string) => [{ volume, log: `${volume}-log`, base: `${volume}-base` }];
  const site = await Site.open({
    sizeBytes: SIZE_BYTES,
    trackBytes: TRACK_BYTES,
    systems: { a: ["pvol", "pvol-log", "pvol-base"], b: ["svol", "svol-log", "svol-base"] },
    sizesBytes: { "pvol-log": 8 * SIZE_BYTES, "svol-log": 8 * SIZE_BYTES },
    journals: { a: config("pvol"), b: journals.includes("b") ? config("svol") : [] },
    links: { link: ["a", "b"] },
  });
  const pair = { pair: "p", volume: "pvol", link: "link", peerVolume: "svol", mode: "sync" } as const;
  await site.run(site.at("a").system.execute({ kind: "create", ...pair }));
  await settled(site);
  for (const fill of [1, 2]) await write(site, fill);
  await settled(site);
  return site;
}

async function write(site: Site, fill: number): Promise<void> {
  const device = site.at("a").system.device("pvol");
  for (let track = 0; track < TRACKS; track++)
    await site.run(device.write(track * TRACK_BYTES, new Uint8Array(TRACK_BYTES).fill(fill)));
}

function settled(site: Site): Promise<void> {
  return site.until(() =>
    ["a", "b"].every((name) => {
      const { system } = site.at(name);
      const { entry, pending } = system.pair("p") ?? {};
      const isWhole = system.journals().every(({ moments }) => moments.isRecoverable);
      return entry?.status === "DUPLEX" && pending?.count === 0 && system.restores().length === 0 && isWhole;
    }),
  );
}

/** What the first byte of each track is, at both ends. */
async function firstBytes(site: Site): Promise<readonly (readonly number[])[]> {
  const found: number[][] = [];
  for (const name of ["a", "b"]) {
    const bytes = await site.at(name).system.pair("p")?.volume.disk.read(0, SIZE_BYTES);
    found.push(Array.from({ length: TRACKS }, (_, track) => bytes?.[track * TRACK_BYTES] ?? -1));
  }
  return found;
}

test.each([
  ["swap", "journal.swapped", []],
  ["apply", "pair.recover.sent", ["b"]],
] as const)(
  "%s, cut at %s: what is about to change at once stays marked, whatever marks are cleared meanwhile",
  async (method, at, journals) => {
    const site = await paired(["a", ...journals]);
    const { system } = site.at("a");
    const [journal] = system.journals();
    const pair = system.pair("p");
    expect([journal, pair]).not.toContain(undefined);
    // After the first 16 changes.
    const to = { lsn: (journal?.table.newestLsn ?? 0) - TRACKS };
    // A checkpoint may come at any moment: here, at every write of the journal.
    site.disk("a", "pvol-log").decide = () => {
      void pair?.sweep(true);
      return "done";
    };
    let wasCut = false;
    site.onStep = (_, step) => {
      if (step !== at || wasCut) return;
      wasCut = true;
      // What arrives is of no use there.
      site.disk("b", "svol-log").decide = () => ({ fails: () => false });
      site.network.cut();
    };
    await site.run(system.execute({ kind: "recover", volume: "pvol", to, method }));
    await site.until(() => wasCut && system.restores().length === 0);
    await site.crash("a", () => true);
    site.disk("b", "svol-log").decide = () => "done";
    site.network.heal();
    await settled(site);
    expect(await firstBytes(site)).toEqual([new Array(TRACKS).fill(1), new Array(TRACKS).fill(1)]);
  },
);

test("an exchange whose marks a disk refuses is refused itself, and is carried out when the disk is mended", async () => {
  const site = await paired(["a"]);
  const { system, meta } = site.at("a");
  const to = { lsn: (system.journals()[0]?.table.newestLsn ?? 0) - TRACKS };
  const exchange = { kind: "recover", volume: "pvol", to, method: "swap" } as const;
  await site.run(system.pair("p")?.sweep(true) ?? Promise.reject(new Error("no pair")));
  meta.decide = () => ({ fails: () => false });
  await expect(site.run(system.execute(exchange))).rejects.toMatchObject({
    code: "DISK_FAILED",
    context: { volume: "pvol" },
  });
  expect(await firstBytes(site)).toEqual([new Array(TRACKS).fill(2), new Array(TRACKS).fill(2)]);
  meta.decide = () => "done";
  await site.run(system.execute(exchange));
  await settled(site);
  expect(await firstBytes(site)).toEqual([new Array(TRACKS).fill(1), new Array(TRACKS).fill(1)]);
});
