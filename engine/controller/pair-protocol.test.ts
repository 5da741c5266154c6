import { expect, test } from "vitest";
import { NS_PER_MS } from "../ports/index.ts";
import { HandPeer } from "../testing/hand-peer.node.ts";
import { generationOf } from "../testing/pair-states.ts";
import { Site } from "../testing/site.node.ts";
import { type Generation, NO_GENERATION } from "../mirror/generation.ts";
import type { EngineError } from "../errors.ts";
import type { Pair } from "../mirror/pair.ts";
import type { PairOffer } from "../mirror/pair-offer.ts";
import type { PairState } from "../mirror/pair-entry.ts";
import { ByteReader, ByteWriter } from "../wire/byte-codec.ts";
import { FLAG_NUMBERED, numberedPayload } from "../wire/change-number.ts";
import { encodeBackup } from "../mirror/backup.ts";
import { type Command, encodeCommand } from "./command.ts";
import { decodeResult } from "./command-result.ts";

const TRACK_BYTES = 4096;
const TRACKS = 40;
const SIZE_BYTES = TRACKS * TRACK_BYTES;
const ALL = new Uint8Array(TRACKS / 8).fill(0xff);
const ID = 77;

const create: Extract<Command, { kind: "create" }> = {
  kind: "create",
  pair: "p",
  volume: "pvol",
  link: "link",
  peerVolume: "far",
  mode: "sync",
};
/** A pair as its primary, the peer, offers it. */
const offered: Omit<PairOffer, "state"> = {
  name: "p",
  volume: "pvol",
  peerVolume: "far",
  mode: "sync",
  tracker: "bitmap",
  sizeBytes: SIZE_BYTES,
  trackBytes: TRACK_BYTES,
};

/** System `a` is real; `b`, and `c` behind another link, are played by hand. */
async function open(): Promise<{ readonly site: Site; readonly b: HandPeer; readonly c: HandPeer }> {
  const site = await Site.open({
    sizeBytes: SIZE_BYTES,
    trackBytes: TRACK_BYTES,
    systems: { a: ["pvol", "qvol"] },
    links: { link: ["a", "b"], other: ["a", "c"] },
  });
  const b = new HandPeer(site, "a", "b", "link");
  const c = new HandPeer(site, "a", "c", "other");
  await b.listen();
  await c.listen();
  return { site, b, c };
}

function primary(peer: HandPeer, of: Partial<PairState> = {}): PairState {
  return peer.state({
    role: "primary",
    status: "COPY",
    suspension: "",
    consistent: true,
    current: generationOf(3),
    ...of,
  });
}

function refusals(peer: HandPeer): readonly string[] {
  return peer.heard("pair-refused").map(({ payload }) => new ByteReader(payload).text());
}

test("a pair that its primary offers twice before it is made is made once", async () => {
  const { site, b } = await open();
  b.tell(ID, offered, primary(b));
  b.tell(ID, offered, primary(b));
  await site.until(() => b.heard("resync-request").length > 0);
  expect([site.at("a").system.pairs().length, refusals(b)]).toEqual([1, []]);
});

test.each<[string, Partial<PairOffer>, Partial<PairState>]>([
  ["VOLUME_UNKNOWN", { peerVolume: "none", volume: "none" }, {}],
  [`SIZE ${SIZE_BYTES}, expected ${SIZE_BYTES + 512}`, { sizeBytes: SIZE_BYTES + 512 }, {}],
  [`TRACK ${TRACK_BYTES}, expected 512`, { trackBytes: 512 }, {}],
  ["PAIR_UNKNOWN", {}, { established: true }],
  ["PAIR_UNKNOWN", {}, { role: "secondary" }],
  ["PAIR_EXISTS", { volume: "qvol" }, {}],
])("a pair is refused with %s, and there is none", async (why, offer, state) => {
  const { site, b } = await open();
  const { system } = site.at("a");
  await site.run(system.execute({ kind: "create-local", pair: "p", volume: "pvol", mirrorVolume: "qvol" }));
  const name = offer.volume === "qvol" ? "q" : "r";
  b.tell(ID, { ...offered, name, ...offer }, primary(b, state));
  await site.until(() => refusals(b).length > 0);
  expect([refusals(b), system.pairs()]).toEqual([[why], []]);
});

test("a pair that cannot be made durable when its session is over is made with the next one", async () => {
  const { site, b } = await open();
  let refuse = (): void => {};
  site.at("a").meta.decide = () =>
    new Promise((resolve) => {
      refuse = () => resolve({ fails: () => false });
    });
  b.tell(ID, offered, primary(b));
  await site.pass(NS_PER_MS);
  b.session?.end("cut");
  refuse();
  await site.pass(NS_PER_MS);
  expect([site.at("a").system.pairs(), site.at("a").runtime.escaped]).toEqual([[], []]);
  site.at("a").meta.decide = () => "done";
  await site.until(() => b.heard("hello").length > 1);
  b.tell(ID, offered, primary(b));
  await site.until(() => b.heard("resync-request").length > 0);
  expect(refusals(b)).toEqual([]);
});

test("a pair that is made when its session is over is spoken of in the next one", async () => {
  const { site, b } = await open();
  let finish = (): void => {};
  site.at("a").meta.decide = () =>
    new Promise((resolve) => {
      finish = () => resolve("done");
    });
  b.tell(ID, offered, primary(b));
  await site.pass(NS_PER_MS);
  b.session?.end("cut");
  site.at("a").meta.decide = () => "done";
  finish();
  await site.until(() => b.heard("pair-state").length > 0);
  expect(b.heard("hello")).toHaveLength(2);
  expect(b.offer()).toMatchObject({ pairId: ID, name: "p", state: { role: "secondary", established: false } });
});

test("an operator who waits for the answer of one system does not get it because another is lost", async () => {
  const { site, b, c } = await open();
  let answer: string | undefined;
  const given = site
    .at("a")
    .system.execute(create)
    .then(() => {
      answer = "made";
    });
  await site.until(() => b.heard("pair-state").length > 0);
  c.session?.end("cut");
  await site.pass(100 * NS_PER_MS);
  expect(answer).toBeUndefined();
  const { pairId, ...offer } = b.offer();
  b.tell(pairId, offer, b.state());
  await site.run(given);
  expect(answer).toBe("made");
});

test("a pair whose session ends before its answer is made: it is offered again with the next one", async () => {
  const { site, b } = await open();
  const given = site.at("a").system.execute(create);
  await site.until(() => b.heard("pair-state").length > 0);
  b.session?.end("cut");
  await site.run(given);
  const before = b.heard("pair-state").length;
  await site.until(() => b.heard("pair-state").length > before);
  expect(b.offer()).toMatchObject({ name: "p", state: { role: "primary", established: false } });
});

/** The pair is made by `a`, whose peer has asked for everything and got it. @param pieceBytes of its request */
async function duplex(pieceBytes?: number) {
  const { site, b } = await open();
  const { system } = site.at("a");
  const given = system.execute(create);
  await site.until(() => b.heard("pair-state").length > 0);
  const { pairId, ...offer } = b.offer();
  b.tell(pairId, offer, b.state());
  await site.run(given);
  b.request(pairId, b.state(), ALL, pieceBytes);
  await site.until(() => system.pair("p")?.entry.status === "DUPLEX");
  return { site, b, pairId, offer };
}

test("a request in many pieces copies what it asks for, once all of it is there", async () => {
  const { site, b, pairId, offer } = await duplex(1);
  const current = b.offer().state.current;
  b.session?.end("cut");
  await site.until(() => b.heard("hello").length > 1);
  const state = b.state({ established: true, consistent: true, current });
  b.tell(pairId, offer, state);
  b.frames.length = 0;
  const bitmap = new Uint8Array(TRACKS / 8);
  bitmap[4] = 0x80;
  b.request(pairId, state, bitmap, 2);
  await site.until(() => b.heard("copy-done").length > 0);
  const copied = [...b.heard("zero"), ...b.heard("resync")].map(({ offsetBytes }) => offsetBytes / TRACK_BYTES);
  expect(copied).toEqual([39]);
});

test("whoever asks to be overwritten with a history of its own is refused, and gets nothing", async () => {
  const { site, b, pairId, offer } = await duplex();
  b.session?.end("cut");
  await site.until(() => b.heard("hello").length > 1);
  b.tell(pairId, offer, b.state());
  b.frames.length = 0;
  b.request(pairId, b.state({ established: true, consistent: true, current: generationOf(9) }), ALL);
  await site.until(() => refusals(b).length > 0);
  expect(refusals(b)).toEqual(["DIVERGED"]);
  expect([b.heard("copy-begin"), b.heard("zero"), b.heard("resync")]).toEqual([[], [], []]);
});

test("of two resyncs that wait for the link each goes on when its own pair has been heard of", async () => {
  const site = await Site.open({
    sizeBytes: SIZE_BYTES,
    trackBytes: TRACK_BYTES,
    systems: { a: ["pvol", "qvol"], b: ["far", "away"] },
    links: { link: ["a", "b"] },
  });
  const { system } = site.at("a");
  await site.run(system.execute(create));
  await site.run(system.execute({ ...create, pair: "q", volume: "qvol", peerVolume: "away" }));
  const all = (status: string): boolean =>
    ["a", "b"].every((at) =>
      site
        .at(at)
        .system.pairs()
        .every(({ entry }) => entry.status === status),
    );
  await site.until(() => all("DUPLEX"));
  for (const pair of ["p", "q"]) await site.run(system.execute({ kind: "split", pair, secondary: "read-only" }));
  site.network.cut();
  await site.until(() => system.pairs().every(({ connection }) => connection === undefined));
  const given = ["p", "q"].map((pair) => system.execute({ kind: "resync", pair }));
  site.network.heal();
  const outcomes = await site.run(Promise.allSettled(given));
  expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "fulfilled"]);
  await site.until(() => all("DUPLEX"));
});

/** The peer is the primary; `a` has its copy. */
async function fed(): Promise<{ readonly site: Site; readonly b: HandPeer }> {
  const { site, b } = await open();
  const { system } = site.at("a");
  await site.run(system.execute({ kind: "create-local", pair: "l", volume: "pvol", mirrorVolume: "qvol" }));
  b.tell(ID, offered, primary(b));
  await site.until(() => b.heard("resync-request").length > 0);
  b.copy(ID, generationOf(3), TRACKS);
  await site.until(
    () => system.pair("p")?.entry.status === "DUPLEX" && system.localPair("l")?.entry.status === "DUPLEX",
  );
  return { site, b };
}

/** Has the peer give a command. @returns the code of the refusal; "" if it was carried out */
async function answered(site: Site, b: HandPeer, ask: () => void): Promise<string> {
  ask();
  await site.until(() => b.heard("result").length > 0);
  return decodeResult(b.heard("result").at(-1)?.payload ?? new Uint8Array(0)).error?.code ?? "";
}

test("a pair that the other end's disk does not let it make is offered again until it does, once at a time", async () => {
  const { site, b } = await open();
  const { system } = site.at("a");
  const created = system.execute(create);
  await site.until(() => b.heard("pair-state").length === 1);
  site.network.cut();
  await site.run(created);
  const again = async (): Promise<void> => {
    site.network.cut();
    await site.until(() => b.session?.ended === true);
    site.network.heal();
  };
  const sessions: unknown[] = [];
  b.onFrame = ({ kind, pairId }) => {
    if (kind !== "pair-state") return;
    const refuse = (): void =>
      b.send("pair-refused", { pairId, payload: new ByteWriter().text("DISK_FAILED").bytes() });
    if (sessions.push(b.session) === 4) return b.tell(pairId, b.offer(), b.state());
    refuse();
    // Said twice it is still offered once.
    if (sessions.length === 1) refuse();
  };
  site.network.heal();
  await site.until(() => sessions.length === 2);
  await site.until(() => system.pair("p")?.refusal === "DISK_FAILED");
  // The next session offers it, and what was to be offered in this one is not.
  await again();
  await site.until(() => system.pair("p")?.peerState !== undefined);
  expect([sessions.length, new Set(sessions).size, sessions[0] === sessions[1]]).toEqual([4, 2, true]);
  expect(system.pair("p")?.refusal).toBe("");
});

test("a command that a secondary is asked for, and only the primary can carry out, is refused", async () => {
  const { site, b } = await fed();
  const split: Command = { kind: "split", pair: "p", secondary: "read-write" };
  expect(await answered(site, b, () => b.send("command", { payload: encodeCommand(1, split) }))).toBe("WRONG_ROLE");
  expect(site.at("a").system.pair("p")?.entry.status).toBe("DUPLEX");
});

test("a backup of pairs of which some are unknown splits no mirror that the others do not feed", async () => {
  const { site, b } = await fed();
  const order = { number: 1, pairIds: [ID + 1], mirrors: ["l"] };
  const ask = (): void => b.send("backup", { pairId: ID, payload: encodeBackup(order) });
  expect(await answered(site, b, ask)).toBe("NOT_FED");
  expect(site.at("a").system.localPair("l")?.entry.status).toBe("DUPLEX");
});

test("a secondary that is told to recover and has no journal any more is suspended, and copied again", async () => {
  const { site, b } = await fed();
  const payload = numberedPayload({ journalId: 1, lsn: 1 }, Uint8Array.of(0));
  b.send("recover", { pairId: ID, flags: FLAG_NUMBERED, payload: payload ?? new Uint8Array(0) });
  await site.until(() => b.ends.length > 0);
  expect(site.at("a").system.pair("p")?.entry).toMatchObject({
    status: "SPLIT",
    suspension: "error",
    consistent: true,
  });
  b.frames.length = 0;
  await site.until(() => b.heard("pair-state").length > 0);
  const { pairId, ...offer } = b.offer();
  b.tell(pairId, offer, primary(b, { established: true, status: "SPLIT", suspension: "error" }));
  await site.until(() => b.heard("resync-request").length > 0);
});

test("a copy whose beginning is applied after its session has left no moment: that is known after a crash, too", async () => {
  const { site, b } = await open();
  b.tell(ID, offered, primary(b));
  await site.until(() => b.heard("resync-request").length > 0);
  b.copy(ID, generationOf(3), TRACKS);
  await site.until(() => site.at("a").system.pair("p")?.entry.consistent === true);
  b.session?.end("cut");
  b.frames.length = 0;
  await site.until(() => b.heard("pair-state").length > 0);
  const { pairId, ...offer } = b.offer();
  b.tell(pairId, offer, primary(b, { established: true, current: generationOf(4), ancestors: [generationOf(3)] }));
  await site.until(() => b.heard("resync-request").length > 0);
  let finish = (): void => {};
  site.disk("a", "pvol").decide = () =>
    new Promise((resolve) => {
      finish = () => resolve("done");
    });
  b.send("write", { pairId: ID, payload: new Uint8Array(512) });
  b.copy(ID, generationOf(4), TRACKS, "begins");
  await site.pass(NS_PER_MS);
  b.session?.end("cut");
  await site.pass(NS_PER_MS);
  expect(site.at("a").system.pair("p")?.entry.consistent).toBe(true);
  finish();
  await site.pass(NS_PER_MS);
  const mixture = { status: "SPLIT", suspension: "link", consistent: false, copyFrom: generationOf(4) };
  expect(site.at("a").system.pair("p")?.entry).toMatchObject(mixture);
  await site.crash("a");
  expect(site.at("a").system.pair("p")?.entry).toMatchObject({ ...mixture });
  await expect(site.run(site.at("a").system.device("pvol").read(0, 512))).rejects.toMatchObject({ code: "NO_ACCESS" });
});

/** The pair is split, the peer says that it took over meanwhile and is a mixture, and the operator speaks. */
async function resyncAfterTakeover(
  copyFrom: (current: Generation) => Generation,
  directions: readonly ("forward" | undefined)[],
) {
  const { site, b, pairId, offer } = await duplex();
  const { system } = site.at("a");
  await site.run(system.execute({ kind: "split", pair: "p", secondary: "read-only" }));
  const { current } = b.offer().state;
  const taken = {
    suspension: "takeover",
    established: true,
    current: generationOf(9),
    takeover: generationOf(9),
  } as const;
  const mixture = { ...taken, ancestors: [current], consistent: false, copyFrom: copyFrom(current) };
  b.tell(pairId, offer, b.state({ ...mixture, role: "primary" }));
  const codes: string[] = [];
  for (const direction of directions) {
    const given = system.execute({ kind: "resync", pair: "p", ...(direction && { direction }) });
    await site.run(given).catch((error: unknown) => codes.push((error as EngineError).code));
  }
  const { wish, wishAfter, suspension } = (system.pair("p") as Pair).entry;
  b.request(pairId, b.state({ ...mixture, role: "secondary" }), ALL);
  await site.until(() => system.pair("p")?.entry.status === "DUPLEX");
  return { codes, wish, wishAfter, suspension };
}
const forward = { wish: "from-here", wishAfter: generationOf(9), suspension: "link" };

test("an operator who names no direction keeps the side that is whole when the other one was being overwritten", async () => {
  expect(await resyncAfterTakeover((current) => current, [undefined])).toEqual({ codes: [], ...forward });
});

test("an operator must name a direction when the other side took over and lost its image: its hosts may have written", async () => {
  const found = await resyncAfterTakeover(() => NO_GENERATION, [undefined, "forward"]);
  expect(found).toEqual({ codes: ["NOT_CONSISTENT"], ...forward });
});
