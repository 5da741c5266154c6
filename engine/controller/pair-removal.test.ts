import fc from "fast-check";
import { expect, test } from "vitest";
import { type Tracker, TRACKERS } from "../mirror/intent-store.ts";
import { NS_PER_MS } from "../ports/index.ts";
import { checkAsyncLaw } from "../testing/check-law.ts";
import { Site } from "../testing/site.node.ts";

const TRACK_BYTES = 4096;
const TRACKS = 20;
/** Where the table of pairs lies on the metadata disk; marks are behind it. */
const TABLE_BYTES = 32 * 1024;
/** So many turns of the event loop of promises a deletion takes, and some more. */
const TURNS = 110;
const PAIR = { pair: "p", volume: "pvol", link: "link", peerVolume: "svol", mode: "sync" } as const;

type End = "a" | "b";
const OTHER: Readonly<Record<End, End>> = { a: "b", b: "a" };
const VOLUME: Readonly<Record<End, string>> = { a: "pvol", b: "svol" };

/** `pvol` on `a` mirrored to `svol` on `b`, and a volume `spare` beside each. */
async function mirrored(options: { readonly tracker?: Tracker } = {}): Promise<Site> {
  const site = await Site.open({
    sizeBytes: TRACKS * TRACK_BYTES,
    trackBytes: TRACK_BYTES,
    systems: { a: ["pvol", "spare"], b: ["svol"] },
    links: { link: ["a", "b"] },
  });
  await site.run(site.at("a").system.execute({ kind: "create", ...PAIR, ...options }));
  await inStatus(site, "DUPLEX");
  return site;
}

async function split(): Promise<Site> {
  const site = await mirrored();
  await site.run(site.at("a").system.execute({ kind: "split", pair: "p", secondary: "read-write" }));
  return site;
}

function inStatus(site: Site, status: string): Promise<void> {
  return site.until(() => (["a", "b"] as const).every((end) => site.at(end).system.pair("p")?.entry.status === status));
}

function give(site: Site, end: End, scope: "both" | "here" = "both"): Promise<void> {
  return site.run(site.at(end).system.execute({ kind: "delete", pair: "p", scope }));
}

function write(site: Site, end: End, track: number, value: number): Promise<void> {
  const data = new Uint8Array(TRACK_BYTES).fill(value);
  return site
    .at(end)
    .system.device(VOLUME[end])
    .write(track * TRACK_BYTES, data);
}

async function contents(site: Site, end: End): Promise<Buffer> {
  const disk = site.disk(end, VOLUME[end]);
  return Buffer.from(await site.run(disk.read(0, disk.sizeBytes)));
}

/** Which ends have the pair. */
function known(site: Site): readonly End[] {
  return (["a", "b"] as const).filter((end) => site.at(end).system.pair("p") !== undefined);
}

function bothMet(site: Site): Promise<void> {
  return site.until(() => (["a", "b"] as const).every((end) => site.at(end).system.links()[0]?.up === true));
}

test.each(["a", "b"] as const)(
  "a pair that is split is deleted at both ends, asked for at %s, and stays so",
  async (end) => {
    const site = await split();
    await site.run(write(site, "a", 1, 7));
    await give(site, end);
    expect(known(site)).toEqual([]);
    // Hosts use both volumes as if there had never been a pair.
    await site.run(Promise.all([write(site, "a", 2, 8), write(site, "b", 2, 9)]));
    for (const name of ["a", "b"] as const) await site.crash(name);
    expect(known(site)).toEqual([]);
    await bothMet(site);
    await expect(give(site, end)).rejects.toMatchObject({ code: "PAIR_UNKNOWN" });

    await site.run(site.at("b").system.execute({ kind: "create", ...PAIR, volume: "svol", peerVolume: "pvol" }));
    await inStatus(site, "DUPLEX");
    expect(await contents(site, "a")).toEqual(await contents(site, "b"));
  },
);

test("a pair that is in use is not deleted", async () => {
  const site = await mirrored();
  for (const scope of ["both", "here"] as const)
    await expect(give(site, "a", scope)).rejects.toMatchObject({
      code: scope === "both" ? "ILLEGAL_TRANSITION" : "PEER_HAS_PAIR",
    });
  await site.run(write(site, "a", 3, 5));
  expect(known(site)).toEqual(["a", "b"]);
  expect(await contents(site, "b")).toEqual(await contents(site, "a"));
});

test("one end alone forgets a pair only while the other one is gone; that one is told, and forgets it when asked to", async () => {
  const site = await split();
  await expect(give(site, "b", "here")).rejects.toMatchObject({ code: "PEER_HAS_PAIR" });
  site.network.cut();
  await site.until(() => site.at("b").system.pair("p")?.connection === undefined);
  await expect(give(site, "b")).rejects.toMatchObject({ code: "LINK_DOWN", context: { command: "delete" } });
  await give(site, "b", "here");
  expect(known(site)).toEqual(["a"]);
  site.network.heal();
  await site.until(() => site.at("a").system.pair("p")?.refusal === "PAIR_UNKNOWN");
  // Nothing goes over to what is not its secondary any more.
  await site.run(write(site, "a", 1, 7));
  expect((await contents(site, "b"))[TRACK_BYTES]).toBe(0);
  await give(site, "a");
  expect(known(site)).toEqual([]);
});

test("a refusal of the other end that comes while the pair is being deleted does not bring it back", async () => {
  const site = await split();
  site.network.cut();
  await site.until(() => site.at("b").system.pair("p")?.connection === undefined);
  await give(site, "b", "here");
  const { runtime, system } = site.at("a");
  const before = runtime.steps.length;
  let given: Promise<void> | undefined;
  site.onStep = (end, step) => {
    // When the pair is on the session, and has told of itself.
    if (end === "a" && step === "session.up")
      given ??= Promise.resolve().then(() => system.execute({ kind: "delete", pair: "p", scope: "both" }));
  };
  site.network.heal();
  await site.until(() => given !== undefined);
  await site.run(given ?? Promise.reject(new Error("not given")));
  expect(known(site)).toEqual([]);
  const steps = runtime.steps.slice(before).filter((step) => step === "command" || step.startsWith("pair."));
  expect(steps).toEqual(["command", "pair.refused", "pair.deleted"]);
});

test("asked for at both ends at once, each may refuse the other; once more does it", async () => {
  const site = await split();
  const both = (["a", "b"] as const).map((end) =>
    site.at(end).system.execute({ kind: "delete", pair: "p", scope: "both" }),
  );
  for (const end of await site.run(Promise.allSettled(both)))
    expect(end).toMatchObject({ status: "rejected", reason: { code: "ILLEGAL_TRANSITION" } });
  expect(known(site)).toEqual(["a", "b"]);
  await give(site, "b");
  expect(known(site)).toEqual([]);
});

test("a secondary does not forget by itself a pair whose copy has not begun: the primary would offer it again", async () => {
  const site = await Site.open({
    sizeBytes: TRACKS * TRACK_BYTES,
    trackBytes: TRACK_BYTES,
    systems: { a: ["pvol"], b: ["svol"] },
    links: { link: ["a", "b"] },
  });
  let cut = false;
  site.onStep = (_system, step) => {
    if (step !== "cmt.persisted" || cut || !known(site).includes("b")) return;
    cut = true;
    site.network.cut();
  };
  await bothMet(site);
  await site.run(
    site
      .at("a")
      .system.execute({ kind: "create", ...PAIR })
      .catch(() => undefined),
  );
  await site.crash("b");
  await inStatus(site, "SPLIT");
  expect(site.at("b").system.pair("p")?.entry.established).toBe(false);
  await expect(give(site, "b", "here")).rejects.toMatchObject({ code: "WRONG_ROLE" });
  await give(site, "a", "here");
  site.network.heal();
  await bothMet(site);
  await give(site, "b");
  expect(known(site)).toEqual([]);
});

test("a local mirror is deleted when it is split, and both volumes are free", async () => {
  const site = await mirrored();
  const { system } = site.at("a");
  await site.run(system.execute({ kind: "create-local", pair: "gen", volume: "pvol", mirrorVolume: "spare" }));
  await site.until(() => system.localPair("gen")?.entry.status === "DUPLEX");
  const remove = (): Promise<void> =>
    site.run(site.at("a").system.execute({ kind: "delete", pair: "gen", scope: "both" }));
  await expect(remove()).rejects.toMatchObject({ code: "ILLEGAL_TRANSITION" });
  await site.run(system.execute({ kind: "split", pair: "gen", secondary: "read-only" }));
  await remove();
  await site.run(system.device("spare").write(0, new Uint8Array(512).fill(1)));
  await site.crash("a");
  expect(site.at("a").system.localPairs()).toEqual([]);
  await inStatus(site, "DUPLEX");
});

test("an image that was kept for a pair goes with it, and the next pair has its own", async () => {
  const site = await Site.open({
    sizeBytes: TRACKS * TRACK_BYTES,
    trackBytes: TRACK_BYTES,
    systems: { a: ["pvol", "area"], b: ["svol"] },
    sizesBytes: { area: 2 * TRACKS * TRACK_BYTES },
    images: { a: [{ volume: "pvol", method: "reserved-area", area: "area" }] },
    links: { link: ["a", "b"] },
  });
  const state = (): string | undefined => site.at("a").system.images()[0]?.state;
  for (let round = 1; round <= 2; round++) {
    await site.run(site.at("a").system.execute({ kind: "create", ...PAIR }));
    await inStatus(site, "DUPLEX");
    await site.run(write(site, "a", 1, round));
    await site.run(site.at("a").system.execute({ kind: "split", pair: "p", secondary: "read-only" }));
    await site.until(() => state() === "fixed");
    await site.run(write(site, "a", 1, 9));
    const kept = await site.run(site.at("a").system.image("pvol").read(TRACK_BYTES, 512));
    expect(kept[0]).toBe(round);
    await give(site, "b");
    await site.until(() => state() === "none");
    await site.crash("a");
    expect([state(), known(site)]).toEqual(["none", []]);
    await bothMet(site);
  }
});

test("until the deletion is durable the pair knows what hosts write", async () => {
  const site = await split();
  await site.run(write(site, "b", 1, 7));
  const { meta, system } = site.at("b");
  let reached = false;
  meta.decide = ({ offsetBytes }) => {
    if (offsetBytes >= TABLE_BYTES) return "done";
    reached = true;
    return new Promise(() => {});
  };
  const given = site.at("a").system.execute({ kind: "delete", pair: "p", scope: "both" });
  given.catch(() => undefined);
  await site.until(() => reached);
  await site.run(write(site, "b", 2, 8));
  await site.run(system.device("svol").flush());
  await site.crash("b");
  await expect(site.run(given)).rejects.toMatchObject({ code: "UNANSWERED" });
  await bothMet(site);
  await site.run(site.at("a").system.execute({ kind: "resync", pair: "p", direction: "forward" }));
  await inStatus(site, "DUPLEX");
  expect(await contents(site, "b")).toEqual(await contents(site, "a"));
});

test.each(TRACKERS)(
  "marks that are being cleared are through before their place is another pair's: %s",
  async (tracker) => {
    const site = await mirrored({ tracker });
    const { meta, system } = site.at("a");
    const cleared = Promise.withResolvers<"done">();
    let markWrites = 0;
    meta.decide = ({ offsetBytes }) => (offsetBytes >= TABLE_BYTES && ++markWrites === 2 ? cleared.promise : "done");
    await site.run(write(site, "a", 1, 7));
    await site.until(() => markWrites === 2);
    await site.run(system.execute({ kind: "split", pair: "p", secondary: "read-write" }));
    const given = system.execute({ kind: "delete", pair: "p", scope: "both" });
    await site.until(() => site.at("b").system.pair("p") === undefined);
    await site.pass(NS_PER_MS);
    const create = (): Promise<void> => site.run(system.execute({ kind: "create", ...PAIR, tracker }));
    await expect(create()).rejects.toMatchObject({ code: "PAIR_EXISTS" });
    cleared.resolve("done");
    await site.run(given);
    await create();
    await inStatus(site, "DUPLEX");
    expect(markWrites).toBeGreaterThan(2);
  },
);

test("wherever power is lost, the other end forgets first, and until then the pair knows every difference", async () => {
  const ends = fc.constantFrom<End>("a", "b");
  let halfway = 0;
  await checkAsyncLaw(
    fc.asyncProperty(ends, ends, fc.boolean(), fc.nat(TURNS), fc.nat(), async (asked, lost, both, turns, salt) => {
      const site = await split();
      // Never awaited: whoever is without power answers nothing.
      const writing = [write(site, "a", 1, 7), write(site, "b", 2, 8)];
      writing.push(site.at(asked).system.execute({ kind: "delete", pair: "p", scope: "both" }));
      for (let turn = 0; turn < turns; turn++) {
        // At the last moment, to tracks that nothing knows as changed yet.
        const track = 3 + turns - turn;
        if (track < TRACKS) writing.push(write(site, turn % 2 === 0 ? "a" : "b", track, 9));
        await Promise.resolve();
      }
      for (const work of writing) work.catch(() => undefined);
      const survives = (sector: number): boolean => Math.imul(sector + 1, salt | 1) % 3 !== 0;
      await site.crash(lost, survives);
      if (both) await site.crash(OTHER[lost], survives);
      await bothMet(site);

      if (!known(site).includes(asked)) expect(known(site)).toEqual([]);
      if (known(site).length === 1) halfway++;
      if (known(site).length === 2) {
        await site.run(site.at("a").system.execute({ kind: "resync", pair: "p", direction: "forward" }));
        await inStatus(site, "DUPLEX");
        expect(await contents(site, "b")).toEqual(await contents(site, "a"));
        return;
      }
      if (known(site).length === 1) await give(site, asked);
      expect(known(site)).toEqual([]);
    }),
    120,
  );
  expect(halfway).toBeGreaterThan(0);
});
