import type { Topology, TopologyPair, TopologyVolume } from "./topology.ts";

/** Bytes of `count` MiB. */
export function MiB(count: number): number {
  return count * 1024 * 1024;
}

/** Bytes of `count` KiB. */
export function KiB(count: number): number {
  return count * 1024;
}

/** Of the volumes that a helper makes. */
export interface VolumeOptions {
  /** Of each volume; 4 MiB without. */
  readonly sizeBytes?: number;
  /** Bytes of a track; 8 KiB without (BR-3). */
  readonly trackBytes?: number;
  /** Bytes that are marked durably at once; without, each track by itself. */
  readonly regionBytes?: number;
  /** Regions that stay marked while they are in use. */
  readonly hotRegions?: number;
}

/** What the helpers for topologies with remote mirrors have in common. */
export interface MirrorOptions extends VolumeOptions {
  readonly mode: "sync" | "async";
  /** Of the link, one way; 200 µs without. */
  readonly latencyUs?: number;
}

const LATENCY_US = 200;

/** One remote mirror: `pvol` on system `a`, `svol` on system `b`, the pair `pair` over the link `link`. */
export function mirror(options: MirrorOptions): Topology<"a" | "b", "pvol" | "svol", "link", "pair"> {
  const { mode, latencyUs = LATENCY_US } = options;
  return {
    systems: [
      { name: "a", volumes: [volume("pvol", options)] },
      { name: "b", volumes: [volume("svol", options)] },
    ],
    links: [{ name: "link", between: ["a", "b"] }],
    pairs: [{ name: "pair", primary: "pvol", secondary: "svol", link: "link", mode }],
    latencyUs,
  };
}

/**
 * A consistency group: several remote mirrors from `a` to `b` over one link. The pair `log` has
 * the volumes `log-p` and `log-s`.
 */
export function group<const P extends string>(
  pairs: readonly P[],
  options: MirrorOptions,
): Topology<"a" | "b", `${P}-p` | `${P}-s`, "link", P> {
  const { mode, latencyUs = LATENCY_US } = options;
  return {
    systems: [
      { name: "a", volumes: pairs.map((pair) => volume(`${pair}-p` as const, options)) },
      { name: "b", volumes: pairs.map((pair) => volume(`${pair}-s` as const, options)) },
    ],
    links: [{ name: "link", between: ["a", "b"] }],
    pairs: pairs.map((pair) => remotePair(pair, "link" as const, mode)),
    latencyUs,
  };
}

/** A volume as `options` describe it. */
export function volume<const V extends string>(name: V, options: VolumeOptions): TopologyVolume<V> {
  const { sizeBytes = MiB(4), trackBytes = KiB(8), regionBytes, hotRegions } = options;
  return {
    name,
    sizeBytes,
    trackBytes,
    ...(regionBytes === undefined ? {} : { regionBytes }),
    ...(hotRegions === undefined ? {} : { hotRegions }),
  };
}

/** The remote pair `name` of `name-p` and `name-s`. */
export function remotePair<const P extends string, const L extends string>(
  name: P,
  link: L,
  mode: "sync" | "async",
): TopologyPair<P, `${P}-p` | `${P}-s`, L> {
  return { name, primary: `${name}-p` as const, secondary: `${name}-s` as const, link, mode };
}
