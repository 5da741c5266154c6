import * as DSL from "../index.ts";
import type { Topology, TopologyPair, TopologySystem, TopologyVolume } from "../topology.ts";
import { type Code, CodeWriter } from "./code.ts";
import { isSameData } from "./same-data.ts";

/** A topology by the helpers that make such ones, with what was added to it; as plain data if none does. */
export function printTopology(writer: CodeWriter, topology: Topology): Code {
  const inWords = (base: Base) => (on: CodeWriter) => withExtras(on, base(on), topology);
  const fits = bases(topology)
    .map(inWords)
    .find((print) => isSameData(print(new CodeWriter()).value, topology));
  return fits === undefined ? writer.data(topology) : fits(writer);
}

type Base = (writer: CodeWriter) => Code;

/** What it may have begun as. Those without much come first. */
function bases(topology: Topology): readonly Base[] {
  const remote = topology.pairs.filter(({ link }) => link !== undefined);
  const local = topology.pairs.filter(({ link }) => link === undefined);
  const options = optionsOf(topology, remote[0]);
  const names = remote.map(({ name }) => name);
  const of =
    (word: string, ...args: unknown[]): Base =>
    (writer) =>
      writer.call(word, ...args.map((arg) => writer.data(arg)));
  const all: Base[] = [];
  const generations = (of: readonly TopologyPair[], strip = ""): object => {
    const short = of.map(({ name }) => name.slice(strip.length));
    return isSameData(short, ["gen1"]) ? {} : { generations: short };
  };
  if (remote.length === 0) {
    const { mode: _mode, latencyUs: _latencyUs, ...volumes } = options;
    const args = { ...volumes, ...generations(local) };
    return [Object.keys(args).length === 0 ? of("localMirror") : of("localMirror", args)];
  }
  all.push(of("mirror", options), of("group", names, options));
  for (let kept = local.length; kept > 0; kept--) {
    const first = local.slice(0, kept);
    all.push(of("cascade", { ...options, ...generations(first) }));
    const [name = ""] = names;
    const perPair = first.filter((pair) => pair.name.startsWith(`${name}-`));
    const more = { ...options, ...generations(perPair, `${name}-`) };
    all.push(of("cascadeGroup", names, more), of("collection", names, more));
  }
  return all;
}

interface Options {
  readonly sizeBytes?: number;
  readonly trackBytes?: number;
  readonly regionBytes?: number;
  readonly hotRegions?: number;
  readonly mode?: string;
  readonly latencyUs?: number;
}

const USUAL_VOLUME = DSL.mirror({ mode: "sync" }).systems[0]?.volumes[0];
const USUAL_LATENCY_US = DSL.mirror({ mode: "sync" }).latencyUs;

function optionsOf({ systems, latencyUs }: Topology, pair: TopologyPair | undefined): Options {
  const volume = systems
    .flatMap(({ volumes }) => volumes)
    .find(({ name }) => pair === undefined || name === pair.primary);
  if (volume === undefined) return {};
  const { sizeBytes, trackBytes, regionBytes, hotRegions } = volume;
  return {
    ...(sizeBytes === USUAL_VOLUME?.sizeBytes ? {} : { sizeBytes }),
    ...(trackBytes === USUAL_VOLUME?.trackBytes ? {} : { trackBytes }),
    ...(regionBytes === undefined ? {} : { regionBytes }),
    ...(hotRegions === undefined ? {} : { hotRegions }),
    ...(pair === undefined ? {} : { mode: pair.mode }),
    ...(latencyUs === USUAL_LATENCY_US ? {} : { latencyUs }),
  };
}

/** The extras of a topology, added to `made` in the order of its volumes. */
function withExtras(writer: CodeWriter, made: Code, topology: Topology): Code {
  let code = made;
  const base = made.value as Topology;
  const known = new Set(base.systems.flatMap(({ volumes }) => volumes.map(({ name }) => name)));
  const tracker = topology.pairs.find((pair) => pair.tracker !== undefined)?.tracker;
  if (tracker !== undefined) code = writer.call("withTracker", code, writer.data(tracker));
  const extras: Extra[] = topology.systems.flatMap((system) =>
    system.volumes.filter(({ name }) => !known.has(name)).flatMap((volume) => extraOf(system, volume, topology)),
  );
  for (const { word, volume, rest } of extras)
    code = writer.call(word, code, ...[volume, rest].map((arg) => writer.data(arg)));
  for (const { images = [] } of topology.systems)
    for (const { volume, method } of images)
      if (method === "lsn") code = writer.call("withImages", code, writer.data([volume]), writer.data({ method }));
  return code;
}

interface Extra {
  readonly word: "withImages" | "withJournals" | "withLocalMirrors";
  readonly volume: string | readonly string[];
  readonly rest: unknown;
}

function extraOf(
  { images = [], journals = [], volumes }: TopologySystem,
  { name, sizeBytes }: TopologyVolume,
  { pairs }: Topology,
): readonly Extra[] {
  const sizeOf = (volume: string): number => volumes.find((one) => one.name === volume)?.sizeBytes ?? 0;
  const image = images.find(({ area }) => area === name);
  if (image !== undefined) {
    const { volume, method } = image;
    const areaBytes = sizeBytes === usualBytes("image", sizeOf(volume)) ? undefined : sizeBytes;
    return [{ word: "withImages", volume: [volume], rest: { method, areaBytes } }];
  }
  const journal = journals.find(({ log }) => log === name);
  if (journal !== undefined) {
    const { volume, group } = journal;
    const logBytes = sizeBytes === usualBytes("journal", sizeOf(volume)) ? undefined : sizeBytes;
    return [{ word: "withJournals", volume: [volume], rest: { logBytes, group } }];
  }
  const pair = pairs.find(({ secondary, link }) => link === undefined && secondary === name);
  return pair === undefined ? [] : [{ word: "withLocalMirrors", volume: pair.primary, rest: [name] }];
}

/** What the helpers give a volume of that size. */
function usualBytes(what: "image" | "journal", sizeBytes: number): number {
  const plain = DSL.mirror({ mode: "sync", sizeBytes });
  const more =
    what === "image" ? DSL.withImages(plain, ["pvol"], { method: "old-data" }) : DSL.withJournals(plain, ["pvol"]);
  return more.systems[0]?.volumes[1]?.sizeBytes ?? 0;
}
