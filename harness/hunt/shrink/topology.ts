import type { Plan } from "../../plan/index.ts";
import type { Topology, TopologyVolume } from "../../plan/topology.ts";
import { metaDiskOf } from "../../plan/meta-disk.ts";
import { type Json, type JsonObject, isList, isObject, jsonOf } from "./json.ts";
import type { Pass } from "./shrink.ts";
import { smallerSize } from "./values.ts";

/** Leaves out pairs, images, journals, volumes, links and systems, each with every step that names it. */
export const dropNames: Pass = function* (plan) {
  let left = plan;
  for (const drop of DROPS)
    for (const name of drop.names(left.topology).toReversed()) {
      const topology = drop.without(left.topology, name);
      left = (yield { ...left, topology, ...unnamed(left, drop.gone(name)) }) ?? left;
    }
};

interface Drop {
  readonly names: (topology: Topology) => readonly string[];
  readonly without: (topology: Topology, name: string) => Topology;
  /** What cannot be named any more. */
  readonly gone: (name: string) => readonly string[];
}

const itself = (name: string): readonly string[] => [name];

const DROPS: readonly Drop[] = [
  {
    names: ({ pairs }) => pairs.map(({ name }) => name),
    without: (topology, name) => ({ ...topology, pairs: topology.pairs.filter((pair) => pair.name !== name) }),
    gone: itself,
  },
  {
    names: ({ systems }) => systems.flatMap(({ images = [] }) => images.map(({ volume }) => volume)),
    without: (topology, name) => ofSystems(topology, "images", ({ volume }) => volume !== name),
    gone: () => [],
  },
  {
    names: ({ systems }) => systems.flatMap(({ journals = [] }) => journals.map(({ volume }) => volume)),
    without: (topology, name) => ofSystems(topology, "journals", ({ volume }) => volume !== name),
    gone: () => [],
  },
  {
    names: ({ systems }) => systems.flatMap(({ volumes }) => volumes.map(({ name }) => name)),
    without: (topology, name) => ({
      ...topology,
      systems: topology.systems.map((system) => ({
        ...system,
        volumes: system.volumes.filter((volume) => volume.name !== name),
      })),
    }),
    gone: itself,
  },
  {
    names: ({ links }) => links.map(({ name }) => name),
    without: (topology, name) => ({ ...topology, links: topology.links.filter((link) => link.name !== name) }),
    gone: itself,
  },
  {
    names: ({ systems }) => systems.map(({ name }) => name),
    without: (topology, name) => ({ ...topology, systems: topology.systems.filter((system) => system.name !== name) }),
    gone: (name) => [name, metaDiskOf(name)],
  },
];

function ofSystems(
  topology: Topology,
  what: "images" | "journals",
  keeps: (one: { readonly volume: string }) => boolean,
): Topology {
  const systems = topology.systems.map((system) => {
    const { [what]: all, ...rest } = system;
    const left = all?.filter(keeps) ?? [];
    return left.length === 0 ? rest : { ...rest, [what]: left };
  });
  return { ...topology, systems };
}

/** The steps and expectations that name none of these; lists of names get shorter. */
function unnamed(plan: Plan, names: readonly string[]): { readonly steps: Json; readonly expect: Json } {
  const gone = new Set(names);
  return { steps: kept(jsonOf(plan.steps), gone) ?? [], expect: kept(jsonOf(plan.expect), gone) ?? [] };
}

/** @returns `undefined` if it is nothing without the names */
function kept(value: Json, gone: ReadonlySet<string>): Json | undefined {
  if (typeof value === "string") return gone.has(value) ? undefined : value;
  if (isList(value)) {
    const left = value.map((one) => kept(one, gone)).filter((one) => one !== undefined);
    return left.length === 0 && value.length > 0 ? undefined : left;
  }
  if (!isObject(value)) return value;
  const left: [string, Json][] = [];
  for (const [key, child] of Object.entries(value)) {
    // A label is a word for people.
    const part = key === "label" || key === "kind" ? child : kept(child, gone);
    if (part === undefined) return undefined;
    left.push([key, part]);
  }
  return Object.fromEntries(left) satisfies JsonObject;
}

/** As the helpers for topologies have them: a reader need not look at those. */
const USUAL = { trackBytes: 8192, latencyUs: 200 };

/** Volumes get smaller, those of one size together, and what is not usual about them usual. */
export const shrinkSizes: Pass = function* (plan) {
  let left = plan;
  const change = (volume: (one: TopologyVolume) => TopologyVolume): Topology => ({
    ...left.topology,
    systems: left.topology.systems.map((system) => ({ ...system, volumes: system.volumes.map(volume) })),
  });
  left = (yield { ...left, topology: { ...left.topology, latencyUs: USUAL.latencyUs } }) ?? left;
  const simple = change(({ name, sizeBytes, trackBytes }) => ({ name, sizeBytes, trackBytes }));
  left = (yield { ...left, topology: simple }) ?? left;
  const pairs = left.topology.pairs.map(({ name, primary, secondary, link, mode }) => ({
    name,
    primary,
    secondary,
    ...(link === undefined ? {} : { link }),
    mode,
  }));
  left = (yield { ...left, topology: { ...left.topology, pairs } }) ?? left;
  left = (yield { ...left, topology: change((one) => ({ ...one, trackBytes: USUAL.trackBytes })) }) ?? left;
  const volumes = left.topology.systems.flatMap((system) => system.volumes);
  for (const size of new Set(volumes.map(({ sizeBytes }) => sizeBytes))) {
    const of = (sizeBytes: number) => (one: TopologyVolume) => (one.sizeBytes === size ? { ...one, sizeBytes } : one);
    const before = left;
    const sizeBytes = yield* smallerSize(size, (part) => ({ ...before, topology: change(of(part)) }));
    left = { ...before, topology: change(of(sizeBytes)) };
  }
};
