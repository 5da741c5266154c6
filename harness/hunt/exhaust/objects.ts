import { BITMAPS_OFFSET_BYTES } from "../../../engine/controller/index.ts";
import { SECTOR_BYTES } from "../../../engine/ports/index.ts";
import type { Topology } from "../../plan/topology.ts";
import { isMetaDisk } from "../../plan/meta-disk.ts";

/** What each sector of a disk is a part of: sectors of one object often survive, or are lost, together. */
export function objectsOf(topology: Topology, disk: string): (sectorIndex: number) => string {
  if (isMetaDisk(disk))
    return (sectorIndex) => `${sectorIndex * SECTOR_BYTES < BITMAPS_OFFSET_BYTES ? "tables" : "bitmaps"} of ${disk}`;
  const role = roleOf(topology, disk);
  return () => `${role} ${disk}`;
}

function roleOf({ systems }: Topology, disk: string): string {
  for (const { journals = [], images = [] } of systems) {
    for (const { log, base } of journals) {
      if (log === disk) return "journal";
      if (base === disk) return "base";
    }
    for (const { area } of images) if (area === disk) return "area";
  }
  return "data of";
}
