import { below, chance, type Random, SECTOR_BYTES } from "../../../../engine/ports/index.ts";
import type { RequestKind } from "./request.ts";

/**
 * How far a request came whose program was killed: it may have done all of it, or none; of a write also all, or the first
 * sectors, in the cache alone, as a system call is ended in the middle, or the one behind it that would have made it durable never made.
 */
export interface OrphanFate {
  /** Of its bytes, or of those of a trim, so many from the start, in whole sectors; 0: it never was. */
  readonly doneBytes: number;
  /** As durable as it was to be. */
  readonly isWhole: boolean;
}

const WHOLE = 0.4;
const NEVER = 0.2;
const CACHED = 0.5;

export function drawOrphanFate(random: Random, kind: RequestKind, lengthBytes: number): OrphanFate {
  if (kind === "read" || chance(random, WHOLE)) return { doneBytes: lengthBytes, isWhole: true };
  if (kind === "flush" || chance(random, NEVER / (1 - WHOLE))) return { doneBytes: 0, isWhole: false };
  if (chance(random, CACHED)) return { doneBytes: lengthBytes, isWhole: false };
  return { doneBytes: below(random, lengthBytes / SECTOR_BYTES) * SECTOR_BYTES, isWhole: false };
}
