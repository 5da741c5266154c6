import { expect, test } from "vitest";
import { NS_PER_MS } from "../ports/index.ts";
import { HandPeer } from "../testing/hand-peer.node.ts";
import { Site } from "../testing/site.node.ts";
import { twoSystems } from "../testing/two-systems.node.ts";
import { HEADER_BYTES } from "../wire/frame-memory.ts";

const SECOND_NS = 1_000 * NS_PER_MS;

/** System `b` is real and listens; whoever dials it is played by hand. */
async function open(): Promise<{ readonly site: Site; readonly stranger: () => HandPeer }> {
  const site = await Site.open({
    sizeBytes: 40 * 4096,
    trackBytes: 4096,
    systems: { b: ["svol"] },
    links: { link: ["a", "b"] },
  });
  return { site, stranger: () => new HandPeer(site, "b", "a", "link") };
}

/** Dials as whom the system expects. */
async function greeted(site: Site, peer: HandPeer, epoch: number): Promise<void> {
  await peer.dial(epoch);
  peer.hello();
  await site.until(() => peer.heard("hello").length > 0);
}

/** What the systems say of sessions that they refuse. */
function refusalsOf(site: Site): readonly string[] {
  const refusals: string[] = [];
  site.onStep = (system, step, { why = "" }) => {
    if (step === "session.refused") refusals.push(`${system}: ${why}`);
  };
  return refusals;
}

test.each<[string, string, (peer: HandPeer) => void]>([
  ["does not say who it is", "expected hello, found flush", (peer) => peer.send("flush")],
  ["speaks another version", "expected protocol 1, found 2", (peer) => peer.hello({ version: 2 })],
  ["is another system", "expected a on link, found c on link", (peer) => peer.hello({ system: "c" })],
  ["means another link", "expected a on link, found a on other", (peer) => peer.hello({ link: "other" })],
  [
    "says more than it can read",
    "expected 2 bytes at 2, found 1",
    (peer) => peer.send("hello", { payload: new Uint8Array(3) }),
  ],
])("whoever %s is dropped without a word but to the log, and the session that is up stays", async (_, why, say) => {
  const { site, stranger } = await open();
  const refusals = refusalsOf(site);
  const peer = stranger();
  await greeted(site, peer, 1);
  const other = stranger();
  await other.dial(2);
  say(other);
  await site.until(() => other.ends.length > 0);
  await site.run(site.sleep(10 * SECOND_NS));
  expect([other.frames, peer.ends]).toEqual([[], []]);
  expect(refusals).toEqual([`b: ${why}`]);
});

test("whoever does not wait for the answer to its hello is dropped", async () => {
  const { site, stranger } = await open();
  const peer = stranger();
  await peer.dial(1);
  peer.atOnce(() => {
    peer.hello();
    peer.send("flush");
  });
  await site.until(() => peer.ends.length > 0);
  expect(peer.frames).toEqual([]);
  await greeted(site, stranger(), 2);
});

test("a dial that was held up on the way does not replace its successor", async () => {
  const { site, stranger } = await open();
  const refusals = refusalsOf(site);
  const late = stranger();
  await late.dial(1);
  const peer = stranger();
  await greeted(site, peer, 2);
  late.hello();
  await site.until(() => late.ends.length > 0);
  expect([late.frames, peer.ends]).toEqual([[], []]);
  expect(refusals).toEqual(["b: epoch 1 is not after 2"]);
});

test("a later dial replaces the session that is up", async () => {
  const { site, stranger } = await open();
  const first = stranger();
  await greeted(site, first, 1);
  await greeted(site, stranger(), 2);
  expect(first.ends).toEqual(["closed by peer"]);
});

test("of many that do not say who they are the last are refused, until the first are given up", async () => {
  const { site, stranger } = await open();
  const silent = Array.from({ length: 8 }, stranger);
  for (const peer of silent) await peer.dial(1);
  const refused = stranger();
  await refused.dial(2);
  await site.run(site.sleep(NS_PER_MS));
  expect([refused.ends, silent.flatMap(({ ends }) => ends)]).toEqual([["closed by peer"], []]);
  await site.run(site.sleep(10 * SECOND_NS));
  await greeted(site, stranger(), 3);
});

/** System `b` has a frame of `a`, which is gone, and its disk takes its time. @returns `finish`: the disk goes on */
async function applying(): Promise<{ readonly site: Site; readonly finish: () => void }> {
  const site = await Site.open({
    sizeBytes: 40 * 4096,
    trackBytes: 4096,
    systems: { b: ["svol"], a: ["pvol"] },
    links: { link: ["a", "b"] },
  });
  const { system } = site.at("a");
  await site.run(
    system.execute({ kind: "create", pair: "p", volume: "pvol", link: "link", peerVolume: "svol", mode: "async" }),
  );
  await site.until(() => system.pair("p")?.entry.status === "DUPLEX");
  let finish = (): void => {};
  site.disk("b", "svol").decide = () =>
    new Promise((resolve) => {
      finish = () => resolve("done");
    });
  await site.run(system.device("pvol").write(0, new Uint8Array(512).fill(7)));
  site.at("a").stop();
  return { site, finish: () => finish() };
}

test("a dial that ends while the system still applies what came before leaves no session behind", async () => {
  const { site, finish } = await applying();
  const peer = new HandPeer(site, "b", "a", "link");
  await peer.dial(Number.MAX_SAFE_INTEGER);
  peer.hello();
  await site.pass(NS_PER_MS);
  peer.session?.end("cut");
  finish();
  await site.run(site.sleep(SECOND_NS));
  expect([peer.frames, site.at("b").system.pair("p")?.connection]).toEqual([[], undefined]);
  expect(site.disk("b", "svol").visible[0]).toBe(7);
});

test("a system that stops takes no session, though somebody has greeted it before", async () => {
  const { site, finish } = await applying();
  const peer = new HandPeer(site, "b", "a", "link");
  await peer.dial(Number.MAX_SAFE_INTEGER);
  peer.hello();
  await site.pass(NS_PER_MS);
  const stopped = site.at("b").system.stop();
  // It has come as far as the sessions, and this one is not up yet.
  await site.pass(NS_PER_MS);
  finish();
  await site.run(stopped);
  await site.run(site.sleep(SECOND_NS));
  expect([peer.ends, site.at("b").system.pair("p")?.connection]).toEqual([["closed by peer"], undefined]);
  // What had come before is applied.
  expect(site.disk("b", "svol").visible[0]).toBe(7);
});

test("bytes on the wire: what one end sent the other has received, and a pair's part of it is counted apart", async () => {
  const { a, b, run, until, cut, heal } = await twoSystems(64 * 4096, 4096);
  const create = {
    kind: "create",
    pair: "pair",
    link: "link",
    volume: "pvol",
    peerVolume: "svol",
    mode: "sync",
  } as const;
  await run(a.system.execute(create));
  const equal = (): boolean => {
    const pair = a.system.pair("pair");
    return pair?.entry.status === "DUPLEX" && pair.pending.activeCount === 0;
  };
  await until(equal);
  const counted = () =>
    [a, b].map(({ system }) => {
      const [link, pair] = [system.links()[0], system.pair("pair")?.traffic].map((count) => {
        return [count?.sentBytes ?? 0, count?.receivedBytes ?? 0] as const;
      });
      return { link: link ?? [0, 0], pair: pair ?? [0, 0] };
    });
  const before = counted();
  await run(a.system.device("pvol").write(0, new Uint8Array(4096).fill(1)));
  await until(equal);
  // The count goes on in the next session.
  cut();
  await until(() => !equal());
  heal();
  await until(equal);
  const [here, there] = counted().map(({ link, pair }, end) => ({
    link: link.map((bytes, way) => bytes - (before[end]?.link[way] ?? 0)),
    pair: pair.map((bytes, way) => bytes - (before[end]?.pair[way] ?? 0)),
  }));
  expect({ link: there?.link.toReversed(), pair: there?.pair.toReversed() }).toEqual(here);
  // The write, and at least one barrier behind it; greetings and acknowledgements are the link's own.
  expect(here?.pair[0]).toBeGreaterThanOrEqual(4096 + 2 * HEADER_BYTES);
  expect(here?.link[0]).toBeGreaterThan(here?.pair[0] ?? 0);
});
