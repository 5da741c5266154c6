import { expect, test } from "vitest";
import { frameMemory, payloadIn } from "./frame-memory.ts";

const KIB = 1024;

test("there is room for the payload, and what was given back is used again for another of its size", () => {
  const memory = frameMemory.take(100 * KIB);
  expect(payloadIn(memory, 100 * KIB)).toHaveLength(100 * KIB);
  const other = frameMemory.take(100 * KIB);
  expect(other).not.toBe(memory);
  frameMemory.giveBack(memory);
  expect(frameMemory.take(60 * KIB)).not.toBe(memory);
  expect(frameMemory.take(128 * KIB)).toBe(memory);
});

test("no more than 8 MiB wait to be used again", () => {
  const all = Array.from({ length: 40 }, () => frameMemory.take(512 * KIB));
  for (const memory of all) frameMemory.giveBack(memory);
  const again = new Set(all.map(() => frameMemory.take(512 * KIB)));
  expect(all.filter((memory) => again.has(memory)).length).toBeLessThanOrEqual(16);
});
