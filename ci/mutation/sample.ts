import { createHash } from "node:crypto";
import type { Mutant } from "./mutant.ts";

/** 95 % of a normal distribution lie within so many standard deviations. */
const Z = 1.959964;

/**
 * Mutants in an order drawn by the seed: the first n are a sample of that size. A mutant's place depends on the seed and the
 * mutant alone, so a change elsewhere in the source leaves the others in the sample.
 */
export function drawn(mutants: readonly Mutant[], seed: number): Mutant[] {
  const place = new Map(mutants.map(({ key }) => [key, digest(`${seed}\n${key}`)]));
  const of = ({ key }: Mutant): string => place.get(key) ?? "";
  return [...mutants].sort((a, b) => (of(a) < of(b) ? -1 : 1));
}

export function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 32);
}

/** Shares of a whole, 0 to 1. */
export interface Interval {
  readonly from: number;
  readonly to: number;
}

/** Where the share lies with a confidence of 95 %, when `hits` of `size` drawn have it (Wilson's interval). */
export function interval(hits: number, size: number): Interval {
  if (size === 0) return { from: 0, to: 1 };
  const share = hits / size;
  const middle = share + Z ** 2 / (2 * size);
  const half = Z * Math.sqrt((share * (1 - share)) / size + (Z / (2 * size)) ** 2);
  const scale = 1 + Z ** 2 / size;
  return { from: Math.max(0, (middle - half) / scale), to: Math.min(1, (middle + half) / scale) };
}
