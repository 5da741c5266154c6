import { barAtLeast, type Section, sampleOf } from "../measure.ts";
import { createPair, memoryOf, pairUntil, twoDaemons } from "./daemons.ts";
import { fio, type Load, type Throughput } from "./fio.ts";
import { qemuMirror } from "./qemu.ts";
import type { EngineSettings } from "./settings.ts";
import { Stage } from "./stage.ts";
import { missing } from "./tools.ts";

const MEGABYTE = 1e6;

/** A load on a synchronous pair, and what it must reach against the peer. */
export interface WriteBench {
  readonly name: string;
  readonly text: string;
  readonly load: Omit<Load, "seconds">;
  readonly unit: "writes/s" | "MB/s";
  readonly atLeast: number;
}

export const WRITE_BENCHES: readonly WriteBench[] = [
  {
    name: "small",
    text: "random writes of 4 KiB, queue depth 32",
    load: { how: "randwrite", blockBytes: 4096, depth: 32 },
    unit: "writes/s",
    atLeast: 1.3,
  },
  {
    name: "large",
    text: "sequential writes of 256 KiB, queue depth 8",
    load: { how: "write", blockBytes: 256 * 1024, depth: 8 },
    unit: "MB/s",
    atLeast: 1,
  },
];

const PROMISES = [
  "ours promises: acknowledged is written to both files, in the page caches, and the intent of it is durable before; a flush reaches both disks",
  "QEMU promises: acknowledged is written to both files, in the page caches (cache.direct=off); its log of differences is lost with the program; a flush reaches the source's disk alone",
];

/** A synchronous pair of two daemons under fio, in turns with QEMU's mirror. */
export async function mirroredWrites(bench: WriteBench, settings: EngineSettings): Promise<Section> {
  const { text, unit, atLeast } = bench;
  const how = `two daemons, sync, over NBD and TCP on loopback; ${settings.rounds} rounds of ${settings.seconds} s, in turns`;
  const without = missing("fio");
  if (without !== undefined) return { name: bench.name, how, samples: [], bars: [], notes: [without] };
  await using stage = new Stage(settings.folder);
  const daemons = await twoDaemons(stage, settings);
  await createPair(daemons[0]);
  await pairUntil(daemons[0], ({ status }) => status === "DUPLEX");
  const noPeer = missing("qemu-storage-daemon", "qemu-nbd");
  const load = { ...bench.load, seconds: settings.seconds };
  const valueOf = ({ perSecond, bytesPerSecond }: Throughput): number =>
    unit === "writes/s" ? perSecond : bytesPerSecond / MEGABYTE;
  const [ours, theirs, ratios]: [number[], number[], number[]] = [[], [], []];
  const peerPort = noPeer === undefined ? await qemuMirror(stage, settings.sizeBytes) : -1;
  // The first turn allocates the files, and the compiler is at work.
  for (let round = -1; round < settings.rounds; round++) {
    const mine = valueOf(await fio(stage, daemons[0].nbdPort, load));
    const peers = peerPort < 0 ? undefined : valueOf(await fio(stage, peerPort, load));
    if (round < 0) continue;
    ours.push(mine);
    if (peers === undefined) continue;
    theirs.push(peers);
    ratios.push(mine / peers);
  }
  const memory = memoryOf(daemons);
  return {
    name: bench.name,
    how,
    samples: [
      sampleOf(`resilver, ${text}`, unit, ours),
      ...(theirs.length === 0 ? [] : [sampleOf("qemu-storage-daemon to qemu-nbd", unit, theirs)]),
      ...memory.samples,
    ],
    bars: [
      ...(ratios.length === 0
        ? []
        : [barAtLeast(`${text}, against QEMU`, sampleOf("ratio", "×", ratios).median, atLeast)]),
      ...memory.bars,
    ],
    notes: noPeer === undefined ? PROMISES : [noPeer, ...PROMISES],
  };
}
