import { expect, test } from "vitest";
import { NS_PER_MS } from "../ports/index.ts";
import { HandPeer } from "../testing/hand-peer.node.ts";
import { Site } from "../testing/site.node.ts";
import { PAYLOAD_BYTES_MAX } from "../wire/frame.ts";
import { encodeResult } from "./command-result.ts";

const TRACK_BYTES = 4096;
const TRACKS = 40;
const SIZE_BYTES = TRACKS * TRACK_BYTES;
const ALL = new Uint8Array(TRACKS / 8).fill(0xff);
const SECTOR = new Uint8Array(512).fill(7);
const STRANGE = 99;

interface Played {
  readonly site: Site;
  readonly peer: HandPeer;
  readonly pairId: number;
}

/** System `a` is real and the primary; its pair is DUPLEX with a volume that is played by hand. */
async function duplex(): Promise<Played> {
  const site = await Site.open({
    sizeBytes: SIZE_BYTES,
    trackBytes: TRACK_BYTES,
    systems: { a: ["pvol"] },
    links: { link: ["a", "b"] },
  });
  const peer = new HandPeer(site, "a", "b", "link");
  await peer.listen();
  const { system } = site.at("a");
  const pairId = await peer.joinPair();
  peer.request(pairId, peer.state(), ALL);
  await site.until(() => system.pair("p")?.entry.status === "DUPLEX");
  return { site, peer, pairId };
}

const says: readonly [string, (played: Played) => void, string][] = [
  [
    "that it refuses a pair that is not there",
    ({ peer }) => peer.send("pair-refused", { pairId: STRANGE }),
    "pair-refused for a pair",
  ],
  [
    "data for a pair that is not there",
    ({ peer }) => peer.send("write", { pairId: STRANGE, payload: SECTOR }),
    "data for a pair",
  ],
  ["hello again", ({ peer, pairId }) => peer.send("hello", { pairId }), "is not for a pair"],
  [
    "that the pair is of another size",
    ({ peer, pairId }) => peer.tell(pairId, { ...peer.offer(), sizeBytes: SIZE_BYTES * 2 }, peer.state()),
    "differs at the other end",
  ],
  [
    "that its tracks are of another size",
    ({ peer, pairId }) => peer.tell(pairId, { ...peer.offer(), trackBytes: 512 }, peer.state()),
    "differs at the other end",
  ],
  ["nothing one can read", ({ peer, pairId }) => peer.send("pair-state", { pairId, payload: SECTOR }), "protocol: "],
  [
    "what became of a command that nobody gave",
    ({ peer }) => peer.send("result", { payload: encodeResult({ number: 4711, error: undefined }) }),
    "which was not asked",
  ],
  [
    "that it has applied what was never sent",
    ({ peer }) => peer.send("ack", { payload: new Uint8Array(8).fill(1) }),
    "expected an acknowledgement",
  ],
  ["that a disk of no pair has failed", ({ peer }) => peer.send("nack", { pairId: STRANGE }), "apply failed"],
  [
    "a write behind the end",
    ({ peer, pairId }) => peer.send("write", { pairId, offsetBytes: SIZE_BYTES, payload: SECTOR }),
    "is outside of volume",
  ],
  ["a write of nothing", ({ peer, pairId }) => peer.send("write", { pairId }), "is outside of volume"],
  [
    "a write of a part of a sector",
    ({ peer, pairId }) => peer.send("write", { pairId, payload: SECTOR.subarray(1) }),
    "is not aligned",
  ],
  [
    "a sector that begins within another one",
    ({ peer, pairId }) => peer.send("write", { pairId, offsetBytes: 100, payload: SECTOR }),
    "is not aligned",
  ],
  [
    "more than the window holds",
    ({ site, peer, pairId }) => {
      site.disk("a", "pvol").decide = () => site.sleep(1_000 * NS_PER_MS).then(() => "done");
      for (let frame = 0; frame < 5; frame++)
        peer.send("write", { pairId, payload: frame === 0 ? SECTOR : new Uint8Array(PAYLOAD_BYTES_MAX) });
    },
    "bytes to apply",
  ],
];

test.each(says)("a peer says %s: the session ends, no byte changes, and hosts go on", async (_, say, why) => {
  const played = await duplex();
  const { site, peer } = played;
  const { system, runtime } = site.at("a");
  const before = site.disk("a", "pvol").visible.slice();
  const reasons: string[] = [];
  site.onStep = (_system, step, fields) => {
    if (step === "session.down") reasons.push(String(fields["why"]));
  };
  say(played);
  await site.until(() => reasons.length > 0);
  expect(reasons[0]).toContain(why);
  expect(site.disk("a", "pvol").visible).toEqual(before);
  expect(peer.ends).toHaveLength(1);
  expect(system.pair("p")?.entry.status).toBe("SPLIT");
  // It was a moment's weakness: the next session is as good as any.
  site.disk("a", "pvol").decide = () => "done";
  await site.until(() => peer.heard("hello").length > 1);
  await site.run(system.device("pvol").write(0, SECTOR));
  expect(runtime.escaped).toEqual([]);
});
