import { InvalidArgumentError } from "commander";

/** A whole number. @throws InvalidArgumentError */
export function whole(text: string): number {
  const value = /^-?\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(value)) throw new InvalidArgumentError("Expected a whole number.");
  return value;
}

/** Seconds, more than none and no more than a day. @throws InvalidArgumentError */
export function seconds(text: string): number {
  const value = /^\d{1,6}(?:\.\d{1,9})?$/.test(text) ? Number(text) : Number.NaN;
  if (!(value > 0 && value <= 86_400)) throw new InvalidArgumentError("Expected seconds, at most 86400.");
  return value;
}
