import fc from "fast-check";
import { SECTOR_BYTES } from "../ports/index.ts";
import type { Update } from "../volume/volume.ts";
import { VOLUME_BYTES } from "./journal-rig.node.ts";

const SECTORS = VOLUME_BYTES / SECTOR_BYTES;

/** A change of some sectors. */
export interface Change {
  readonly sector: number;
  readonly sectors: number;
  readonly zero: boolean;
}

/** Any change. */
export const change: fc.Arbitrary<Change> = fc
  .tuple(fc.nat({ max: SECTORS - 1 }), fc.integer({ min: 1, max: 5 }), fc.integer({ min: 0, max: 4 }))
  .map(([sector, sectors, kind]) => ({
    sector,
    sectors: Math.min(sectors, SECTORS - sector),
    zero: kind === 0,
  }));

/** Every change has a content of its own. */
export function updateOf({ sector, sectors, zero }: Change, stamp: number): Update {
  const offsetBytes = sector * SECTOR_BYTES;
  const lengthBytes = sectors * SECTOR_BYTES;
  if (zero) return { kind: "zero", offsetBytes, lengthBytes };
  return { kind: "write", offsetBytes, data: new Uint8Array(lengthBytes).fill(1 + (stamp % 255)), fua: false };
}

/** The content with the change in it. */
export function applied(content: Uint8Array, update: Update): Uint8Array {
  const next = content.slice();
  if (update.kind === "write") next.set(update.data, update.offsetBytes);
  else next.fill(0, update.offsetBytes, update.offsetBytes + update.lengthBytes);
  return next;
}
