import type { Topology } from "./topology.ts";

/** Bytes of `count` MiB. */
export function MiB(count: number): number {
  return count * 1024 * 1024;
}

/** Bytes of `count` KiB. */
export function KiB(count: number): number {
  return count * 1024;
}

/** What the helpers for topologies have in common. */
export interface MirrorOptions {
  /** Of each volume; 4 MiB without. */
  readonly sizeBytes?: number;
  /** Bytes of a track; 8 KiB without (BR-3). */
  readonly trackBytes?: number;
  readonly mode: "sync" | "async";
  /** Of the link, one way; 200 µs without. */
  readonly latencyUs?: number;
}

/** One remote mirror: `pvol` on system `a`, `svol` on system `b`, the pair `pair` over the link `link`. */
export function mirror(options: MirrorOptions): Topology<"a" | "b", "pvol" | "svol", "link", "pair"> {
  const { sizeBytes = MiB(4), trackBytes = KiB(8), mode, latencyUs = 200 } = options;
  return {
    systems: [
      { name: "a", volumes: [{ name: "pvol", sizeBytes, trackBytes }] },
      { name: "b", volumes: [{ name: "svol", sizeBytes, trackBytes }] },
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
  const { sizeBytes = MiB(4), trackBytes = KiB(8), mode, latencyUs = 200 } = options;
  return {
    systems: [
      { name: "a", volumes: pairs.map((pair) => ({ name: `${pair}-p` as const, sizeBytes, trackBytes })) },
      { name: "b", volumes: pairs.map((pair) => ({ name: `${pair}-s` as const, sizeBytes, trackBytes })) },
    ],
    links: [{ name: "link", between: ["a", "b"] }],
    pairs: pairs.map((pair) => ({
      name: pair,
      primary: `${pair}-p` as const,
      secondary: `${pair}-s` as const,
      link: "link",
      mode,
    })),
    latencyUs,
  };
}
