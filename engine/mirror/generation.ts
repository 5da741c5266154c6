import type { Random } from "../ports/index.ts";

/** Identifies one data history: 16 hexadecimal digits. `NONE` for no history at all. */
export type Generation = string & { readonly unit: "generation" };

export const NO_GENERATION = "0000000000000000" as Generation;

export function newGeneration(random: Random): Generation {
  const high = random.next32();
  // Never NO_GENERATION, whatever the draw.
  const low = random.next32() | 1;
  return (hex(high) + hex(low)) as Generation;
}

function hex(value: number): string {
  return (value >>> 0).toString(16).padStart(8, "0");
}

/** The most ancestors that are remembered; a peer that is older still counts as diverged. */
export const ANCESTORS_MAX = 8;
