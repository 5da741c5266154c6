import { expect, test } from "vitest";
import { NS_PER_MS } from "../ports/index.ts";
import { HandPeer } from "../testing/hand-peer.node.ts";
import { Site } from "../testing/site.node.ts";
import { Tap } from "../volume/tap.ts";
import type { Volume } from "../volume/volume.ts";
import { ackPayload } from "./outbox.ts";

const TRACK_BYTES = 64 * 1024;
const TRACKS = 64;
const NEW = 0xee;

/** A first copy to a peer that has stopped to acknowledge: the window is full, and what is read waits for room. */
async function stuckCopy() {
  const site = await Site.open({
    sizeBytes: TRACKS * TRACK_BYTES,
    trackBytes: TRACK_BYTES,
    systems: { a: ["pvol"] },
    links: { link: ["a", "b"] },
  });
  const { system } = site.at("a");
  for (let track = 0; track < TRACKS; track++)
    await site.run(system.device("pvol").write(track * TRACK_BYTES, new Uint8Array(TRACK_BYTES).fill(track + 1)));
  const peer = new HandPeer(site, "a", "b", "link");
  await peer.listen();
  /** What the peer holds. */
  const content = new Uint8Array(TRACKS * TRACK_BYTES);
  peer.onFrame = ({ kind, offsetBytes, payload }) => {
    if (kind === "write" || kind === "resync") content.set(payload, offsetBytes);
    // The first stretches, which are short, get through.
    if (peer.heard("resync").length === 20) peer.acknowledges = false;
  };
  const pairId = await peer.joinPair();
  peer.request(pairId, peer.state(), new Uint8Array(TRACKS / 8).fill(0xff));
  await site.until(() => !peer.acknowledges);
  await site.pass(NS_PER_MS);
  const copied = peer.heard("resync").reduce((bytes, { payload }) => bytes + payload.length, 0) / TRACK_BYTES;
  const goOn = (): void => {
    peer.acknowledges = true;
    const last = peer.frames.at(-1)?.sequence ?? -1;
    peer.send("ack", { payload: ackPayload(last, last) });
  };
  const equal = async (): Promise<boolean> => {
    await site.until(() => system.pair("p")?.entry.status === "DUPLEX");
    const { visible } = site.disk("a", "pvol");
    return content.every((byte, at) => byte === visible[at]);
  };
  return { site, peer, system, content, copied, goOn, equal };
}

test("a host's write to tracks that wait for the link to be copied does not wait for it, and it is what is copied", async () => {
  const { site, peer, system, content, copied, goOn, equal } = await stuckCopy();
  expect(copied).toBeLessThan(TRACKS - 16);
  const before = peer.frames.length;
  let writes = 0;
  for (let track = copied; track < TRACKS; track++)
    void system
      .device("pvol")
      .write(track * TRACK_BYTES + 512, new Uint8Array(512).fill(NEW))
      .then(() => writes++);
  await site.pass(NS_PER_MS);
  expect([writes, peer.frames.length]).toEqual([TRACKS - copied, before]);
  goOn();
  expect(await equal()).toBe(true);
  expect(content[(TRACKS - 1) * TRACK_BYTES + 512]).toBe(NEW);
});

test("a track that hosts write again and again is copied all the same", async () => {
  const { site, system, copied, goOn, equal } = await stuckCopy();
  let stop = false;
  const hosts = [0, 1, 2].map(async (host) => {
    for (let round = 0; !stop; round++) {
      await system.device("pvol").write(copied * TRACK_BYTES + host * 512, new Uint8Array(512).fill(round % 250));
      await site.sleep(NS_PER_MS);
    }
  });
  await site.pass(NS_PER_MS);
  goOn();
  await site.until(() => system.pair("p")?.entry.status === "DUPLEX");
  stop = true;
  await site.run(Promise.all(hosts));
  expect(await equal()).toBe(true);
});

/** Of some tracks the volume's content is elsewhere, as while a restore runs: whoever wants to read one has it brought. */
class Elsewhere extends Tap {
  readonly left: Set<number>;
  readonly #volume: Volume;

  constructor(volume: Volume, tracks: Iterable<number>) {
    super();
    this.#volume = volume;
    this.left = new Set(tracks);
  }

  override prepareRead(first: number, last: number): Promise<void> | undefined {
    const wanted = [...this.left].filter((track) => track >= first && track <= last);
    return wanted.length === 0 ? undefined : this.#bring(wanted);
  }

  async #bring(tracks: readonly number[]): Promise<void> {
    for (const track of tracks) {
      const data = new Uint8Array(TRACK_BYTES).fill(NEW);
      await this.#volume.apply({ kind: "write", offsetBytes: track * TRACK_BYTES, data, fua: false }, this);
      this.left.delete(track);
    }
  }
}

test("of tracks whose content is elsewhere nothing is copied before they have it", async () => {
  const { system, content, goOn, equal } = await stuckCopy();
  const volume = system.pair("p")?.volume;
  if (volume === undefined) throw new Error("no pair");
  const last = TRACKS - 1;
  const tap = new Elsewhere(volume, [last - 1, last]);
  volume.addTap(tap);
  goOn();
  expect(await equal()).toBe(true);
  expect([tap.left.size, content[last * TRACK_BYTES]]).toEqual([0, NEW]);
});
