import { assert } from "../../assert.ts";
import { SECTOR_BYTES } from "../../ports/index.ts";
import type { NbdContext, NbdExport, NbdExtent } from "./nbd-export.ts";
import { ALLOCATION, BASE_ALLOCATION, DIRTY_BITMAP_PREFIX } from "./protocol.ts";

/** At most so many extents in a reply for one context; a client asks again for the rest. */
export const EXTENTS_MAX = 4096;

/** What an export has that does not know better: everything is data. */
const ALL_DATA: NbdContext = {
  name: BASE_ALLOCATION,
  extents: (_offsetBytes, lengthBytes) => [{ lengthBytes, flags: 0 }],
};

/** The contexts of an export; `base:allocation` is always one of them, and comes first. */
export function contextsOf(target: NbdExport): readonly NbdContext[] {
  const others = target.contexts.filter(({ name }) => name !== BASE_ALLOCATION);
  return [target.contexts.find(({ name }) => name === BASE_ALLOCATION) ?? ALL_DATA, ...others];
}

/**
 * The contexts that a query selects.
 * @param wildcards whether a namespace stands for all in it, as it does in a list
 */
export function matching(contexts: readonly NbdContext[], query: string, wildcards: boolean): readonly NbdContext[] {
  const whole = query === "base:" || query === "qemu:" || query === DIRTY_BITMAP_PREFIX;
  if (whole) return wildcards ? contexts.filter(({ name }) => name.startsWith(query)) : [];
  return contexts.filter(({ name }) => name === query);
}

/** The extents of exactly a part of a range that need not be aligned; the last one ends within it. */
export function extentsWithin(
  context: NbdContext,
  offsetBytes: number,
  lengthBytes: number,
  countMax: number,
): readonly NbdExtent[] {
  const head = offsetBytes % SECTOR_BYTES;
  const result: { lengthBytes: number; flags: number }[] = [];
  let skip = head;
  let left = lengthBytes;
  // Neighbours with equal flags become one, so more may be asked for than are told.
  for (const extent of context.extents(offsetBytes - head, roundUp(head + lengthBytes), countMax)) {
    assert(extent.lengthBytes > 0, "an extent is not empty");
    const here = Math.min(extent.lengthBytes - skip, left);
    skip = Math.max(0, skip - extent.lengthBytes);
    if (here <= 0) continue;
    const previous = result.at(-1);
    if (previous !== undefined && previous.flags === extent.flags) previous.lengthBytes += here;
    else if (result.length === countMax) break;
    else result.push({ lengthBytes: here, flags: extent.flags });
    left -= here;
    if (left === 0) break;
  }
  assert(result.length > 0, "a context knows something of every byte");
  return result;
}

/** A piece of a read: bytes, or a hole that reads as zeros. */
export interface ReadPiece {
  readonly offsetBytes: number;
  readonly lengthBytes: number;
  readonly isHole: boolean;
}

/** More pieces of a read are not worth their headers; what comes after them is read. */
const PIECES_MAX = 64;

/** A range cut at the holes that its export knows of; one piece of data if it knows none. */
export function readPieces(context: NbdContext | undefined, offsetBytes: number, lengthBytes: number): ReadPiece[] {
  if (context === undefined) return [{ offsetBytes, lengthBytes, isHole: false }];
  const pieces: ReadPiece[] = [];
  const end = offsetBytes + lengthBytes;
  let at = offsetBytes;
  let dataStart = offsetBytes;
  for (const extent of extentsWithin(context, offsetBytes, lengthBytes, PIECES_MAX)) {
    if ((extent.flags & ALLOCATION.ZERO) !== 0) {
      if (at > dataStart) pieces.push({ offsetBytes: dataStart, lengthBytes: at - dataStart, isHole: false });
      pieces.push({ offsetBytes: at, lengthBytes: extent.lengthBytes, isHole: true });
      dataStart = at + extent.lengthBytes;
    }
    at += extent.lengthBytes;
  }
  if (end > dataStart) pieces.push({ offsetBytes: dataStart, lengthBytes: end - dataStart, isHole: false });
  return pieces;
}

function roundUp(bytes: number): number {
  return Math.ceil(bytes / SECTOR_BYTES) * SECTOR_BYTES;
}
