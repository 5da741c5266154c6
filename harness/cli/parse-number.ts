import { quoted, UsageError } from "./usage-error.ts";

export interface IntegerBounds {
  readonly min: number;
  readonly max: number;
}

export const SEED_BOUNDS: IntegerBounds = { min: 0, max: 0xffff_ffff };

/** A whole number in decimal digits. @throws UsageError naming `option` */
export function parseInteger(option: string, text: string, bounds: IntegerBounds): number {
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= bounds.min && value <= bounds.max) return value;
  throw new UsageError({
    place: option,
    found: quoted(text),
    expected: `a whole number from ${bounds.min} to ${bounds.max}`,
  });
}
