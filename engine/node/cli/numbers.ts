import { InvalidArgumentError } from "commander";

/** A whole number. @throws InvalidArgumentError */
export function whole(text: string): number {
  const value = /^-?\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(value)) throw new InvalidArgumentError("Expected a whole number.");
  return value;
}

/** ISO 8601 with a zone, up to a microsecond. @returns microseconds since 1970. @throws InvalidArgumentError */
export function timeUs(text: string): number {
  const value = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?(?:Z|[+-]\d{2}:\d{2})$/.test(text)
    ? Date.parse(text) * 1000 + Number(/\.\d{3}(\d{1,3})/.exec(text)?.[1]?.padEnd(3, "0") ?? 0)
    : Number.NaN;
  if (!(value >= 0)) throw new InvalidArgumentError("Expected a time with its zone, such as 2026-01-31T12:00:00Z.");
  return value;
}

/** Seconds, more than none and no more than a day. @throws InvalidArgumentError */
export function seconds(text: string): number {
  const value = /^\d{1,6}(?:\.\d{1,9})?$/.test(text) ? Number(text) : Number.NaN;
  if (!(value > 0 && value <= 86_400)) throw new InvalidArgumentError("Expected seconds, at most 86400.");
  return value;
}
