import { expect, test } from "vitest";
import { canRedraw, columnsOf } from "./terminal.ts";

test("a terminal that was never told its size is as wide as none, and nothing is drawn again on it", () => {
  const wide = { isTTY: true, columns: 100 };
  expect([wide, { isTTY: true, columns: 0 }, {}, { isTTY: true, columns: 7 }].map(columnsOf)).toEqual([
    100, 120, 120, 60,
  ]);
  expect(canRedraw([wide, wide])).toBe(true);
  expect(canRedraw([wide, { isTTY: true, columns: 0 }])).toBe(false);
  expect(canRedraw([{ columns: 80 }, wide])).toBe(false);
});
