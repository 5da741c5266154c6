import { expect, test } from "vitest";
import { NS_PER_MS } from "../ports/index.ts";
import { HandPeer } from "../testing/hand-peer.node.ts";
import type { LinkEnd } from "../testing/link-pair.ts";
import { Site } from "../testing/site.node.ts";
import { ackPayload } from "../mirror/outbox.ts";

const SECOND_NS = 1_000 * NS_PER_MS;
const SLICE_NS = 100 * NS_PER_MS;
const TRACK_BYTES = 64 * 1024;
const SIZE_BYTES = 48 * TRACK_BYTES;

/** What is sent here from now on arrives at so many bytes a second. */
function narrow(site: Site, link: LinkEnd, bytesPerSecond: number): void {
  const sliceBytes = bytesPerSecond / 10;
  let queue = new Uint8Array(0);
  let runs = false;
  const deliver = async (): Promise<void> => {
    for (runs = true; queue.length > 0; ) {
      await site.sleep(SLICE_NS);
      link.peer?.arrive(queue.slice(0, sliceBytes));
      queue = queue.subarray(sliceBytes);
    }
    runs = false;
  };
  link.carry = (bytes) => {
    const longer = new Uint8Array(queue.length + bytes.length);
    longer.set(queue);
    longer.set(bytes, queue.length);
    queue = longer;
    if (!runs) void deliver();
    return [];
  };
}

/** Why sessions have ended, and when. */
function endsOf(site: Site): { readonly why: string; readonly atNs: number }[] {
  const ends: { why: string; atNs: number }[] = [];
  site.onStep = (system, step, { why }) => {
    if (step === "session.down") ends.push({ why: String(why), atNs: site.at(system).runtime.clock.monotonicNs() });
  };
  return ends;
}

test("a link of 50 KB/s is slow, not dead: one session carries a copy, and then a write that takes 10 s", async () => {
  const site = await Site.open({
    sizeBytes: SIZE_BYTES,
    trackBytes: TRACK_BYTES,
    systems: { b: ["svol"], a: ["pvol"] },
    links: { link: ["a", "b"] },
  });
  const ends = endsOf(site);
  const { system } = site.at("a");
  for (let track = 0; track < SIZE_BYTES / TRACK_BYTES; track++)
    await site.run(system.device("pvol").write(track * TRACK_BYTES, new Uint8Array(TRACK_BYTES).fill(track + 1)));
  site.network.onDial = (mine) => narrow(site, mine, 50_000);
  site.network.cut();
  await site.pass(SECOND_NS);
  site.network.heal();
  await site.pass(5 * SECOND_NS);
  ends.length = 0;
  await site.run(
    system.execute({ kind: "create", pair: "p", volume: "pvol", link: "link", peerVolume: "svol", mode: "sync" }),
  );
  await site.until(() => system.pair("p")?.entry.status === "DUPLEX");
  expect(ends).toEqual([]);
  expect(site.disk("b", "svol").visible).toEqual(site.disk("a", "pvol").visible);
  await site.run(system.device("pvol").write(0, new Uint8Array(8 * TRACK_BYTES).fill(99)));
  expect(ends).toEqual([]);
  expect(site.disk("b", "svol").visible).toEqual(site.disk("a", "pvol").visible);
});

test("an answer to a greeting that takes more than a second to come is believed like any other", async () => {
  const site = await Site.open({
    sizeBytes: SIZE_BYTES,
    trackBytes: TRACK_BYTES,
    systems: { b: ["svol"], a: ["pvol"] },
    links: { link: ["a", "b"] },
  });
  const steps: string[] = [];
  site.onStep = (system, step) => {
    if (system === "a" && step.startsWith("session.")) steps.push(step);
  };
  site.network.onDial = ({ peer }) => {
    if (peer !== undefined) narrow(site, peer, 40);
  };
  site.network.cut();
  await site.pass(SECOND_NS);
  site.network.heal();
  await site.pass(10 * SECOND_NS);
  expect(steps).toEqual(["session.down", "session.hello.sent", "session.up"]);
});

/** System `a` is the primary of a pair in sync with a peer that from now on acknowledges nothing by itself. */
async function silentPeer() {
  const site = await Site.open({
    sizeBytes: SIZE_BYTES,
    trackBytes: TRACK_BYTES,
    systems: { a: ["pvol"] },
    links: { link: ["a", "b"] },
  });
  const peer = new HandPeer(site, "a", "b", "link");
  await peer.listen();
  const { system, runtime } = site.at("a");
  const pairId = await peer.joinPair();
  peer.request(pairId, peer.state(), new Uint8Array(SIZE_BYTES / TRACK_BYTES / 8));
  await site.until(() => system.pair("p")?.entry.status === "DUPLEX");
  await site.pass(SECOND_NS);
  peer.acknowledges = false;
  return { site, peer, system, ends: endsOf(site), nowNs: () => runtime.clock.monotonicNs() };
}

/** Seconds from a host's write until the session is over, and why it is. */
async function secondsUntilEnd({ site, system, ends, nowNs }: Awaited<ReturnType<typeof silentPeer>>) {
  const beganNs = nowNs();
  await site.run(system.device("pvol").write(0, new Uint8Array(512).fill(1)));
  const [end] = ends;
  return { why: end?.why, seconds: Math.round(((end?.atNs ?? 0) - beganNs) / SECOND_NS) };
}

test("a peer that is alive and applies nothing is given up after 10 s: the host's write goes on without it", async () => {
  const { why, seconds } = await secondsUntilEnd(await silentPeer());
  expect(why).toBe("peer does not apply");
  expect(seconds).toBeGreaterThanOrEqual(10);
  expect(seconds).toBeLessThanOrEqual(12);
});

test("one that says again and again that something arrives, and applies nothing, is given up after 30 s", async () => {
  const opened = await silentPeer();
  const { site, peer } = opened;
  const applied = peer.frames.at(-1)?.sequence ?? -1;
  const say = async (): Promise<void> => {
    for (let second = 0; second < 60 && opened.ends.length === 0; second++) {
      await site.sleep(SECOND_NS);
      if (peer.session?.ended === false) peer.send("ack", { payload: ackPayload(applied, applied) });
    }
  };
  const said = say();
  const { why, seconds } = await secondsUntilEnd(opened);
  await site.run(said);
  expect(why).toBe("peer applies too slowly");
  expect(seconds).toBeGreaterThanOrEqual(30);
  expect(seconds).toBeLessThanOrEqual(32);
});
