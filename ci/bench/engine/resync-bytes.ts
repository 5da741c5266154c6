import { open } from "node:fs/promises";
import { barAtMost, type Section, sampleOf } from "../measure.ts";
import { createPair, pairUntil, startDaemon } from "./daemons.ts";
import { fio } from "./fio.ts";
import { Relay } from "./relay.ts";
import type { EngineSettings } from "./settings.ts";
import { Stage } from "./stage.ts";
import { missing } from "./tools.ts";

const MIB = 2 ** 20;
const SIZE_BYTES = 256 * MIB;
const TRACK_BYTES = 8192;
/** In each round a little more is written while the link is down. */
const WRITTEN_BYTES = 16 * MIB;

/** What goes over the wire to bring two sides together again after the link was lost for a while. */
export async function resyncBytes({ rounds, engine, folder }: EngineSettings): Promise<Section> {
  const how = `the link is cut, ${WRITTEN_BYTES / MIB} MiB of random writes of 4 KiB, the link is healed; ${rounds} rounds; tracks of ${TRACK_BYTES} bytes`;
  const without = missing("fio");
  if (without !== undefined) return { name: "resync", how, samples: [], bars: [], notes: [without] };
  await using stage = new Stage(folder);
  const volume = { sizeBytes: SIZE_BYTES, trackBytes: TRACK_BYTES };
  const listens = { peer: "a", role: "listen", port: 0 } as const;
  const b = await startDaemon(stage, engine, { name: "b", volume: "svol", ...volume, link: listens });
  using relay = await Relay.to(b.linkPort);
  const dials = { peer: "b", role: "dial", port: relay.port } as const;
  const a = await startDaemon(stage, engine, { name: "a", volume: "pvol", ...volume, link: dials });
  await createPair(a);
  const counts = { tracks: [] as number[], wire: [] as number[], own: [] as number[], ratio: [] as number[] };
  for (let round = 0; round < rounds; round++) {
    // Nothing is on its way: what differs afterwards is what was written meanwhile.
    await pairUntil(a, ({ status, pendingTracks }) => status === "DUPLEX" && pendingTracks === 0);
    relay.cut();
    await pairUntil(a, ({ status }) => status === "SPLIT");
    const load = { how: "randwrite", blockBytes: 4096, depth: 32, writtenBytes: WRITTEN_BYTES } as const;
    await fio(stage, a.nbdPort, { ...load, seed: round + 1 });
    const tracks = await differingTracks(stage.path("a.img"), stage.path("b.img"));
    const [wireBefore, ownBefore] = [relay.bytes, await ownBytes(a)];
    relay.heal();
    await pairUntil(a, ({ status }) => status === "DUPLEX");
    const wireBytes = relay.bytes - wireBefore;
    counts.tracks.push(tracks);
    counts.wire.push(wireBytes / MIB);
    counts.own.push(((await ownBytes(a)) - ownBefore) / MIB);
    counts.ratio.push(wireBytes / (tracks * TRACK_BYTES));
  }
  return {
    name: "resync",
    how,
    samples: [
      sampleOf("tracks that differ, compared byte by byte", "tracks", counts.tracks),
      sampleOf("on the wire until DUPLEX, both directions", "MiB", counts.wire),
      sampleOf("the same, as the engine counts it", "MiB", counts.own),
    ],
    bars: [
      barAtMost("resync bytes on the wire, against tracks that differ", sampleOf("", "", counts.ratio).median, 1.05),
    ],
    notes: [
      "after a crash of an end what its durable marks had not been cleared of comes besides; see ARCHITECTURE.md",
    ],
  };
}

async function ownBytes({ client }: Awaited<ReturnType<typeof startDaemon>>): Promise<number> {
  const [link] = (await client.status()).links;
  return link === undefined ? 0 : link.sentBytes + link.receivedBytes;
}

async function differingTracks(left: string, right: string): Promise<number> {
  const files = await Promise.all([left, right].map((path) => open(path)));
  const chunks = files.map(() => Buffer.alloc(MIB));
  let count = 0;
  for (let offset = 0; offset < SIZE_BYTES; offset += MIB) {
    await Promise.all(files.map((file, index) => file.read(chunks[index] as Buffer, 0, MIB, offset)));
    const [one, other] = chunks as [Buffer, Buffer];
    if (one.equals(other)) continue;
    for (let at = 0; at < MIB; at += TRACK_BYTES)
      if (one.compare(other, at, at + TRACK_BYTES, at, at + TRACK_BYTES) !== 0) count++;
  }
  await Promise.all(files.map((file) => file.close()));
  return count;
}
