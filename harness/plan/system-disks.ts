import { metaDiskOf } from "./meta-disk.ts";
import type { TopologySystem } from "./topology.ts";

type Disks = Pick<TopologySystem, "name" | "volumes">;

/** Every disk of a system as plans name them, that with its tables first. */
export function disksIn({ name, volumes }: Disks): readonly [string, ...string[]] {
  return [metaDiskOf(name), ...volumes.map((volume) => volume.name)];
}

/** The name of the system that has the disk; `undefined` if none has. */
export function systemOfDisk(systems: readonly Disks[], disk: string): string | undefined {
  return systems.find((system) => disksIn(system).includes(disk))?.name;
}
