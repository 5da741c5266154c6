import fc from "fast-check";
import { TRACKERS } from "../mirror/intent-store.ts";
import { ANCESTORS_MAX, type Generation } from "../mirror/generation.ts";
import {
  MODES,
  type PairEntry,
  type PairState,
  ROLES,
  STATUSES,
  SUSPENSIONS,
  type Suspension,
  WISHES,
} from "../mirror/pair-entry.ts";

/** Generation `index` of a small world, in which two sides often know each other's. */
export function generationOf(index: number): Generation {
  return index.toString(16).padStart(16, "0") as Generation;
}

const generation = fc.nat({ max: 5 }).map(generationOf);

/** Any state of one end, possible or not. */
export const pairStates: fc.Arbitrary<PairState> = fc.record({
  role: fc.constantFrom(...ROLES),
  status: fc.constantFrom(...STATUSES),
  suspension: fc.constantFrom<Suspension[]>(...SUSPENSIONS),
  consistent: fc.boolean(),
  established: fc.boolean(),
  current: generation,
  ancestors: fc.uniqueArray(generation, { maxLength: ANCESTORS_MAX }),
  copyFrom: generation,
  wish: fc.constantFrom(...WISHES),
  wishAfter: generation,
  takeover: generation,
  secondaryWritable: fc.boolean(),
});

/** Text as operators name things, and worse. */
export const names = fc.string({ unit: "binary", maxLength: 12 });
const u32 = fc.nat({ max: 0xffff_ffff });
const safe = fc.maxSafeNat();

/** Any entry of a copy management table. */
export const pairEntries: fc.Arbitrary<PairEntry> = fc
  .tuple(
    pairStates,
    fc.record({
      id: u32,
      name: names,
      link: names,
      volume: names,
      peerVolume: names,
      mode: fc.constantFrom(...MODES),
      tracker: fc.constantFrom(...TRACKERS),
      sizeBytes: safe,
      trackBytes: u32,
      shared: fc.boolean(),
      rolling: fc.boolean(),
      imageUnread: fc.boolean(),
      imageVoid: u32,
      imageTracks: u32,
      bitmapOffsetBytes: safe,
    }),
  )
  .map(([state, rest]) => ({ copyType: "remote" as const, ...state, ...rest }));
