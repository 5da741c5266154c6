import { imageAreaBytesMin, logBytesMin } from "../../engine/controller/index.ts";
import { chance, type Random, SECTOR_BYTES } from "../../engine/ports/index.ts";
import {
  cascade,
  collection,
  group,
  KiB,
  localMirror,
  type MirrorOptions,
  mirror,
  type Topology,
  withImages,
  withJournals,
  withLocalMirrors,
  withTracker,
} from "../plan/index.ts";
import type { TopologyPair, TopologySystem, TopologyVolume } from "../plan/topology.ts";
import { between, pick } from "./chaos-draw.ts";
import type { Shape, Swarm } from "./swarm.ts";

/** Part of the plans in which a volume with a journal has neither an image nor local mirrors. */
const PLAIN = 0.5;

/** Who appears in a plan. */
export interface Cast {
  readonly topology: Topology;
  /** Volumes of the mirrors that hosts write to from the beginning. */
  readonly primaries: readonly string[];
  /** Those that they may write to once roles have changed, or a split lets them. */
  readonly secondaries: readonly string[];
  readonly remotes: readonly TopologyPair[];
  readonly locals: readonly TopologyPair[];
  readonly imaged: readonly string[];
  readonly journaled: readonly string[];
  /** Volumes whose journals are of one group, of one system; one for each group. */
  readonly grouped: readonly string[];
}

/** Draws systems, volumes and mirrors. */
export function drawCast(random: Random, swarm: Swarm): Cast {
  let topology = drawMirrors(random.fork("mirrors"), swarm.shape);
  topology = withTracker(topology, pick(random.fork("tracker"), ["bitmap", "bitmap", "lsn"]));
  const remotes = topology.pairs.filter(({ link }) => link !== undefined);
  const primaries = distinct(remotes.length > 0 ? remotes : topology.pairs, "primary");
  const secondaries = distinct(remotes, "secondary");
  const hosted = [...primaries, ...secondaries];
  const grouped: string[] = [];
  const journaled = swarm.hasJournals ? someVolumes(random.fork("journals"), hosted) : [];
  const isGroup = swarm.shape === "group" && chance(random.fork("journals/group"), 0.8);
  if (isGroup && journaled.length > 0) {
    for (const side of [primaries, secondaries]) {
      if (!side.some((volume) => journaled.includes(volume))) continue;
      for (const volume of side) if (!journaled.includes(volume)) journaled.push(volume);
      grouped.push(side[0] ?? "");
    }
  }
  for (const volume of journaled) topology = journal(random.fork(`journal/${volume}`), topology, volume, isGroup);
  // A recovery may exchange the disk of such a volume, which whatever copies track by track does not allow.
  const plain = chance(random.fork("plain"), PLAIN) ? journaled : [];
  const bearers = hosted.filter((volume) => !plain.includes(volume));
  const imaged = swarm.hasImages ? someVolumes(random.fork("images"), bearers) : [];
  const method = pick(random.fork("images/method"), ["old-data", "reserved-area"] as const);
  for (const volume of imaged) {
    const own = random.fork(`image/${volume}`);
    const isLsn = journaled.includes(volume) && chance(own, 0.3);
    topology = image(own, topology, volume, isLsn ? "lsn" : method);
  }
  if (swarm.hasLocals) {
    const own = random.fork("locals");
    // All of one side, which can be split together, or some.
    const side = secondaries.length > 0 ? pick(own, [primaries, secondaries]) : primaries;
    const borne = chance(own, 0.5) ? side.filter((volume) => bearers.includes(volume)) : someVolumes(own, bearers);
    for (const volume of borne) topology = withLocalMirrors(topology, volume, [`${volume}-copy`]);
  }
  // One pair is never deleted, so that there is something to converge.
  const [only, ...others] = topology.pairs;
  if (swarm.tasks.includes("delete") && only !== undefined && others.length === 0)
    topology = withLocalMirrors(topology, only.primary, [`${only.primary}-copy`]);
  const locals = topology.pairs.filter(({ link }) => link === undefined);
  return { topology, primaries, secondaries, remotes, locals, imaged, journaled, grouped };
}

function drawMirrors(random: Random, shape: Shape): Topology {
  const options = drawSizes(random);
  const generations = pick(random, [["gen1"], ["gen1", "gen2"]] as const);
  switch (shape) {
    case "mirror":
      return mirror(options);
    case "group":
      return group(["data", "log"], options);
    case "cascade":
      return cascade({ ...options, generations });
    case "collection":
      return collection(["a", "c"], { ...options, generations: pick(random, [[], ["gen1"]]) });
    case "local":
      return localMirror({ ...options, generations });
  }
}

/** Odd ones too: the last track may be partial, tracks small, and few regions hot. */
function drawSizes(random: Random): MirrorOptions {
  const trackBytes = pick(random, [512, 1024, 4096, 4096, KiB(8), KiB(8), KiB(16)]);
  const regionTracks = pick(random, [0, 0, 1, 2, 4, 8]);
  return {
    sizeBytes: (chance(random, 0.15) ? between(random, 300, 1200) : between(random, 16, 300)) * SECTOR_BYTES,
    trackBytes,
    mode: pick(random, ["sync", "async"]),
    latencyUs: pick(random, [between(random, 20, 300), between(random, 20, 2000)]),
    ...(regionTracks === 0 ? {} : { regionBytes: regionTracks * trackBytes, hotRegions: between(random, 1, 6) }),
  };
}

function journal(random: Random, topology: Topology, volume: string, isGroup: boolean): Topology {
  const leastSectors = Math.ceil(logBytesMin(volumeOf(topology, volume)) / SECTOR_BYTES);
  // Short of the default, so that entries are folded during the run.
  const sectors = between(random, Math.max(700, leastSectors), Math.max(1600, 2 * leastSectors));
  return withJournals(topology, [volume], { logBytes: sectors * SECTOR_BYTES, ...(isGroup ? { group: "g" } : {}) });
}

function image(
  random: Random,
  topology: Topology,
  volume: string,
  method: "old-data" | "reserved-area" | "lsn",
): Topology {
  if (method === "lsn" || chance(random, 0.3)) return withImages(topology, [volume], { method });
  // Less than the default: it may run out.
  const least = Math.ceil(imageAreaBytesMin(method, volumeOf(topology, volume)) / SECTOR_BYTES);
  return withImages(topology, [volume], {
    method,
    areaBytes: (least + between(random, 0, pick(random, [8, 8, 40, 200]))) * SECTOR_BYTES,
  });
}

/** The system that has the volume. */
export function systemWith({ systems }: Topology, volume: string): TopologySystem {
  const found = systems.find(({ volumes }) => volumes.some(({ name }) => name === volume));
  if (found === undefined) throw new Error(`no volume ${volume}`);
  return found;
}

export function volumeOf({ systems }: Topology, name: string): TopologyVolume {
  const found = systems.flatMap(({ volumes }) => volumes).find((volume) => volume.name === name);
  if (found === undefined) throw new Error(`no volume ${name}`);
  return found;
}

function someVolumes(random: Random, volumes: readonly string[]): string[] {
  if (volumes.length === 0) return [];
  const some = volumes.filter(() => chance(random, 0.6));
  return some.length > 0 ? some : [pick(random, volumes)];
}

function distinct(pairs: readonly TopologyPair[], end: "primary" | "secondary"): string[] {
  return [...new Set(pairs.map((pair) => pair[end]))];
}
