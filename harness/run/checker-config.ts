import type { CheckerConfig } from "../check/checker.ts";
import type { Topology } from "../plan/topology.ts";
import type { RunWorld } from "../world/run-world.ts";

/** What the checker is told of a topology, and how it looks at the disks and systems of the world. */
export function checkerConfig({ systems, pairs }: Topology, world: RunWorld): CheckerConfig {
  const keyOf = (volume: string): string => `${world.systemOfVolume(volume).name}/${volume}`;
  const volumes = systems.flatMap((system) => system.volumes);
  const images = systems.flatMap((system) => system.images ?? []);
  const journals = systems.flatMap((system) => system.journals ?? []);
  const reserved = new Set([
    ...images.flatMap(({ area = [] }) => area),
    ...journals.flatMap(({ log, base }) => [log, base]),
  ]);
  return {
    disks: volumes.map(({ name, sizeBytes }) => {
      const disk = world.view(name);
      return {
        volume: keyOf(name),
        sizeBytes,
        reserved: reserved.has(name),
        peek: (offsetBytes: number, lengthBytes: number) => disk.peek(offsetBytes, lengthBytes),
        allocatedRanges: () => disk.allocatedRanges(),
        faultAt: (offsetBytes: number) => world.faultAt(name, offsetBytes),
      };
    }),
    pairs: pairs.map(({ name, link, mode, primary, secondary }) => ({
      name,
      link: link ?? `local/${name}`,
      mode,
      trackBytes: volumes.find((volume) => volume.name === primary)?.trackBytes ?? 0,
      primary: keyOf(primary),
      secondary: keyOf(secondary),
    })),
    images: images.map(({ volume }) => keyOf(volume)),
    journals: journals.map(({ volume, base }) => ({ volume: keyOf(volume), base: keyOf(base) })),
    live: (name) => {
      // Asked several times an event: to look through the few is faster than to look it up.
      for (const system of world.systems) if (system.name === name) return system.serving;
      return undefined;
    },
    nowNs: () => world.nowNs(),
  };
}
