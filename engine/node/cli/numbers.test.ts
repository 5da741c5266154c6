import { InvalidArgumentError } from "commander";
import { expect, test } from "vitest";
import { timeUs } from "./numbers.ts";

test.each([
  ["1970-01-01T00:00Z", 0],
  ["2026-01-31T12:00:00Z", 1_769_860_800_000_000],
  ["2026-01-31T14:00:00+02:00", 1_769_860_800_000_000],
  ["2026-01-31T12:00:00.5Z", 1_769_860_800_500_000],
  ["2026-01-31T12:00:00.000001Z", 1_769_860_800_000_001],
  ["2026-01-31T12:00:00.12345Z", 1_769_860_800_123_450],
])("the time %s is %i microseconds since 1970", (text, us) => {
  expect(timeUs(text)).toBe(us);
});

test.each([
  "",
  "now",
  "2026-01-31",
  "2026-01-31T12:00:00",
  "2026-13-31T12:00:00Z",
  "1769-01-31T12:00:00Z",
  "1769860800",
])("%j is no time", (text) => {
  expect(() => timeUs(text)).toThrow(InvalidArgumentError);
});
