import { type MirrorOptions, remotePair, type VolumeOptions, volume } from "./mirror.ts";
import type { Topology, TopologyPair } from "./topology.ts";

/** What the helpers for local mirrors have in common. */
export interface Generations<G extends string> {
  /** Of each volume that is backed up: one local mirror a name, each split at its own time (BR-7); `gen1` without. */
  readonly generations?: readonly G[];
}

const LATENCY_US = 200;

/**
 * Local mirrors alone (CR-1): `pvol` on system `a`, and for each generation a volume and a pair of
 * its name.
 */
export function localMirror<const G extends string = "gen1">(
  options: VolumeOptions & Generations<G> = {},
): Topology<"a", "pvol" | G, never, G> {
  const generations = generationsOf(options);
  return {
    systems: [{ name: "a", volumes: [volume("pvol", options), ...generations.map((name) => volume(name, options))] }],
    links: [],
    pairs: generations.map((name) => localPair(name, "pvol", name)),
    latencyUs: LATENCY_US,
  };
}

/**
 * Cascaded mirrors (BR-5): `pvol` on system `a`, its remote mirror `spvol` on `b` by the pair `pair`
 * over `link`, and on `b` for each generation a volume and a local pair of its name.
 */
export function cascade<const G extends string = "gen1">(
  options: MirrorOptions & Generations<G>,
): Topology<"a" | "b", "pvol" | "spvol" | G, "link", "pair" | G> {
  const { mode, latencyUs = LATENCY_US } = options;
  const generations = generationsOf(options);
  return {
    systems: [
      { name: "a", volumes: [volume("pvol", options)] },
      { name: "b", volumes: [volume("spvol", options), ...generations.map((name) => volume(name, options))] },
    ],
    links: [{ name: "link", between: ["a", "b"] }],
    pairs: [
      { name: "pair", primary: "pvol", secondary: "spvol", link: "link", mode },
      ...generations.map((name) => localPair(name, "spvol", name)),
    ],
    latencyUs,
  };
}

/**
 * A consistency group of cascaded mirrors over one link (BR-8). The pair `log` has the volumes
 * `log-p` on `a` and `log-s` on `b`, and for each generation the local pair and volume `log-gen1`.
 */
export function cascadeGroup<const P extends string, const G extends string = "gen1">(
  pairs: readonly P[],
  options: MirrorOptions & Generations<G>,
): Topology<"a" | "b", `${P}-p` | `${P}-s` | `${P}-${G}`, "link", P | `${P}-${G}`> {
  const { mode, latencyUs = LATENCY_US } = options;
  const copies = pairs.flatMap((pair) => copiesOf(pair, generationsOf(options)));
  return {
    systems: [
      { name: "a", volumes: pairs.map((pair) => volume(`${pair}-p` as const, options)) },
      {
        name: "b",
        volumes: [
          ...pairs.map((pair) => volume(`${pair}-s` as const, options)),
          ...copies.map(({ name }) => volume(name, options)),
        ],
      },
    ],
    links: [{ name: "link", between: ["a", "b"] }],
    pairs: [...pairs.map((pair) => remotePair(pair, "link" as const, mode)), ...copies],
    latencyUs,
  };
}

/**
 * Several primary systems mirror into the system `vault`, and are backed up there (BR-11). The system
 * `a` has the volume `a-p`, mirrored to `a-s` by the pair `a` over the link `a-link`, and for each
 * generation the local pair and volume `a-gen1`.
 */
export function collection<const S extends string, const G extends string = "gen1">(
  systems: readonly S[],
  options: MirrorOptions & Generations<G>,
): Topology<S | "vault", `${S}-p` | `${S}-s` | `${S}-${G}`, `${S}-link`, S | `${S}-${G}`> {
  const { mode, latencyUs = LATENCY_US } = options;
  const copies = systems.flatMap((system) => copiesOf(system, generationsOf(options)));
  return {
    systems: [
      ...systems.map((name) => ({ name, volumes: [volume(`${name}-p` as const, options)] })),
      {
        name: "vault",
        volumes: [
          ...systems.map((name) => volume(`${name}-s` as const, options)),
          ...copies.map(({ name }) => volume(name, options)),
        ],
      },
    ],
    links: systems.map((name) => ({ name: `${name}-link` as const, between: [name, "vault"] as const })),
    pairs: [...systems.map((name) => remotePair(name, `${name}-link` as const, mode)), ...copies],
    latencyUs,
  };
}

function generationsOf<G extends string>({ generations }: Generations<G>): readonly G[] {
  // The default of the type parameter: who names none has none of another name.
  return generations ?? ["gen1" as G];
}

function copiesOf<const P extends string, const G extends string>(
  name: P,
  generations: readonly G[],
): TopologyPair<`${P}-${G}`, `${P}-s` | `${P}-${G}`, never>[] {
  return generations.map((generation) => localPair(`${name}-${generation}`, `${name}-s`, `${name}-${generation}`));
}

/** A local pair: always in step, as no link is between. */
function localPair<const P extends string, const V extends string, const M extends string>(
  name: P,
  primary: V,
  secondary: M,
): TopologyPair<P, V | M, never> {
  return { name, primary, secondary, mode: "sync" };
}
