import type { SeedRange, Shard } from "../hunt/blocks.ts";
import { SEED_BOUNDS } from "./parse-number.ts";
import { quoted, UsageError } from "./usage-error.ts";

/** All seeds from `from` on. */
export function seedsFrom(from: number): SeedRange {
  return { from, to: SEED_BOUNDS.max };
}

/** `A..B`, or `A` for one. @throws UsageError */
export function parseSeeds(text: string): SeedRange {
  const match = /^(\d{1,10})(?:\.\.(\d{1,10}))?$/.exec(text);
  const from = Number(match?.[1] ?? Number.NaN);
  const to = Number(match?.[2] ?? match?.[1] ?? Number.NaN);
  if (from <= to && to <= 0xffff_ffff) return { from, to };
  throw new UsageError({ place: "--seeds", found: quoted(text), expected: "A..B, from 0 to 4294967295" });
}

/** `i/n`. @throws UsageError */
export function parseShard(text: string): Shard {
  const match = /^(\d{1,4})\/(\d{1,4})$/.exec(text);
  const index = Number(match?.[1] ?? Number.NaN);
  const of = Number(match?.[2] ?? Number.NaN);
  if (index >= 1 && index <= of) return { index, of };
  throw new UsageError({ place: "--shard", found: quoted(text), expected: "i/n: the i-th of n parts" });
}
