import { expect, test } from "vitest";
import { lastRefused } from "./last-refused.ts";

const change = (sector: number, count: number, isRefused = false, volume = "a/pvol") => ({
  volume,
  offsetBytes: sector * 512,
  lengthBytes: count * 512,
  reason: "write" as const,
  ...(isRefused ? { isRefused: true as const } : {}),
});

test("what came before a refused request is told around it, what came after over it", () => {
  const changes = [
    change(0, 8),
    change(3, 2),
    change(0, 8, false, "b/svol"),
    change(2, 1, true),
    change(2, 4, true),
    change(5, 2),
  ] as const;
  expect(lastRefused(changes)).toEqual([
    change(0, 2),
    change(6, 2),
    change(0, 8, false, "b/svol"),
    change(2, 4, true),
    change(5, 2),
  ]);
});
