import { formatFound, PlanError } from "./plan-error.ts";
import type { Topology, TopologyImage, TopologyJournal, TopologyPair } from "./topology.ts";
import { isMetaDisk, metaDiskOf } from "./meta-disk.ts";

/** What the names of a topology mean. */
export interface KnownNames {
  readonly systems: ReadonlyMap<string, true>;
  /** By name: the size. */
  readonly volumes: ReadonlyMap<string, number>;
  readonly systemOfVolume: ReadonlyMap<string, string>;
  readonly links: ReadonlyMap<string, readonly [string, string]>;
  readonly pairs: ReadonlyMap<string, TopologyPair>;
  readonly disks: ReadonlyMap<string, true>;
  /** By volume. */
  readonly images: ReadonlyMap<string, TopologyImage>;
  readonly journals: ReadonlyMap<string, TopologyJournal>;
}

/**
 * Names are used once, pairs fit their volumes and links, and what is for images and journals is for
 * nothing else. @throws PlanError
 */
export function checkTopology(topology: Topology): KnownNames {
  const systems = new Map<string, true>();
  const volumes = new Map<string, number>();
  const systemOfVolume = new Map<string, string>();
  const disks = new Map<string, true>();
  topology.systems.forEach((system, index) => {
    fresh(systems, system.name, `topology.systems[${index}].name`, "system");
    systems.set(system.name, true);
    disks.set(metaDiskOf(system.name), true);
    system.volumes.forEach((volume, volumeIndex) => {
      const path = `topology.systems[${index}].volumes[${volumeIndex}].name`;
      fresh(volumes, volume.name, path, "volume");
      // Worlds name disks with their system before them.
      if (isMetaDisk(`${system.name}/${volume.name}`))
        throw new PlanError(
          path,
          formatFound(volume.name),
          `another name: ${metaDiskOf(system.name)} is the disk with the tables of system ${system.name}`,
        );
      volumes.set(volume.name, volume.sizeBytes);
      systemOfVolume.set(volume.name, system.name);
      disks.set(volume.name, true);
    });
  });
  const places = { systems, volumes, systemOfVolume, disks };
  const links = checkLinks(topology, places);
  const pairs = checkPairs(topology, places, links);
  return { ...places, links, pairs, ...checkExtras(topology, places) };
}

type Places = Pick<KnownNames, "systems" | "volumes" | "systemOfVolume">;

function checkLinks(topology: Topology, { systems }: Places): KnownNames["links"] {
  const links = new Map<string, readonly [string, string]>();
  topology.links.forEach((link, index) => {
    const path = `topology.links[${index}]`;
    fresh(links, link.name, `${path}.name`, "link");
    known(systems, link.between[0], `${path}.between[0]`, "system");
    known(systems, link.between[1], `${path}.between[1]`, "system");
    if (link.between[0] === link.between[1])
      throw new PlanError(`${path}.between[1]`, formatFound(link.between[1]), "another system than the first");
    links.set(link.name, link.between);
  });
  return links;
}

function checkPairs(topology: Topology, places: Places, links: KnownNames["links"]): KnownNames["pairs"] {
  const { volumes, systemOfVolume } = places;
  const pairs = new Map<string, TopologyPair>();
  topology.pairs.forEach((pair, index) => {
    const path = `topology.pairs[${index}]`;
    fresh(pairs, pair.name, `${path}.name`, "pair");
    const primaryBytes = known(volumes, pair.primary, `${path}.primary`, "volume");
    const secondaryBytes = known(volumes, pair.secondary, `${path}.secondary`, "volume");
    if (primaryBytes !== secondaryBytes)
      throw new PlanError(`${path}.secondary`, `${secondaryBytes} bytes`, `${primaryBytes} bytes, as the primary`);
    const ends = [systemOfVolume.get(pair.primary) ?? "", systemOfVolume.get(pair.secondary) ?? ""];
    if (pair.link === undefined) {
      if (ends[0] !== ends[1])
        throw new PlanError(
          `${path}.link`,
          `no link between ${ends.join(" and ")}`,
          "a link, or volumes of one system",
        );
      if (pair.primary === pair.secondary)
        throw new PlanError(`${path}.secondary`, formatFound(pair.secondary), "another volume than the primary");
      if (pair.tracker !== undefined)
        throw new PlanError(`${path}.tracker`, formatFound(pair.tracker), "none: a local mirror is tracked by bitmaps");
    } else {
      const between = known(links, pair.link, `${path}.link`, "link");
      if (ends.toSorted().join(" ") !== between.toSorted().join(" "))
        throw new PlanError(
          `${path}.link`,
          `a link between ${between.join(" and ")}`,
          `one between ${ends.join(" and ")}`,
        );
    }
    pairs.set(pair.name, pair);
  });
  return pairs;
}

/** Images and journals: all on the volume's own system, and each room for one thing only. */
function checkExtras(topology: Topology, places: Places): Pick<KnownNames, "images" | "journals"> {
  const images = new Map<string, TopologyImage>();
  const journals = new Map<string, TopologyJournal>();
  /** By volume: what it is used for. */
  const uses = new Map<string, string>();
  for (const { name, primary, secondary } of topology.pairs)
    for (const volume of [primary, secondary]) uses.set(volume, `in the pair ${name}`);
  const here = (system: string, volume: string, path: string): number => {
    const sizeBytes = known(places.volumes, volume, path, "volume");
    const owner = places.systemOfVolume.get(volume);
    if (owner !== system)
      throw new PlanError(path, `${formatFound(volume)} of system ${owner}`, `a volume of ${system}`);
    return sizeBytes;
  };
  const take = (system: string, volume: string, use: string, path: string): number => {
    const sizeBytes = here(system, volume, path);
    const before = uses.get(volume);
    if (before !== undefined)
      throw new PlanError(path, `${formatFound(volume)}, which is ${before}`, `one for ${use} alone`);
    uses.set(volume, use);
    return sizeBytes;
  };
  topology.systems.forEach((system, index) => {
    const at = `topology.systems[${index}]`;
    const { images: imageList = [], journals: journalList = [] } = system;
    journalList.forEach((journal, place) => {
      const path = `${at}.journals[${place}].volume`;
      here(system.name, journal.volume, path);
      fresh(journals, journal.volume, path, "journal of");
      uses.set(journal.volume, uses.get(journal.volume) ?? "the volume of a journal");
      journals.set(journal.volume, journal);
    });
    imageList.forEach((image, place) => {
      const path = `${at}.images[${place}].volume`;
      here(system.name, image.volume, path);
      fresh(images, image.volume, path, "image of");
      uses.set(image.volume, uses.get(image.volume) ?? "the volume of an image");
      images.set(image.volume, image);
    });
    journalList.forEach(({ volume, log, base }, place) => {
      const path = `${at}.journals[${place}]`;
      take(system.name, log, `the log of ${volume}`, `${path}.log`);
      const baseBytes = take(system.name, base, `the base of ${volume}`, `${path}.base`);
      const sizeBytes = places.volumes.get(volume);
      if (baseBytes !== sizeBytes)
        throw new PlanError(`${path}.base`, `${baseBytes} bytes`, `${sizeBytes} bytes, as ${volume}`);
    });
    imageList.forEach(({ volume, method, area }, place) => {
      const path = `${at}.images[${place}].area`;
      if (method !== "lsn") {
        if (area === undefined) throw new PlanError(path, "nothing", `a volume with room for the image of ${volume}`);
        take(system.name, area, `the image of ${volume}`, path);
      } else if (area !== undefined) throw new PlanError(path, formatFound(area), "none: the image is in the journal");
      else if (!journals.has(volume))
        throw new PlanError(`${at}.journals`, `no journal of ${volume}`, "one, which holds its image by method lsn");
    });
  });
  return { images, journals };
}

/** What `name` stands for. @throws PlanError */
export function known<V>(names: ReadonlyMap<string, V>, name: string, path: string, what: string): V {
  const value = names.get(name);
  if (value === undefined)
    throw new PlanError(
      path,
      `unknown ${what} ${formatFound(name)}`,
      names.size === 0 ? `a ${what}, but the topology has none` : `one of ${[...names.keys()].join(", ")}`,
    );
  return value;
}

/** @throws PlanError if the name is taken */
function fresh(names: ReadonlyMap<string, unknown>, name: string, path: string, what: string): void {
  if (names.has(name))
    throw new PlanError(path, `a second ${what} ${formatFound(name)}`, `a name that no other ${what} has`);
}
