import { expect, test } from "vitest";
import { lastWords } from "./last-words.ts";

const many = Array.from({ length: 40 }, (_, line) => `line ${line}`);

test("of a panic: how it began", () => {
  const log = ["started", "panic: first", "panic: runtime error: index out of range", ...many].join("\n");
  expect(lastWords(log)).toBe(["panic: runtime error: index out of range", ...many.slice(0, 11)].join("\n"));
});

test("of anything else: its end", () => {
  expect(lastWords(`${many.join("\n")}\n`)).toBe(many.slice(-12).join("\n"));
  expect(lastWords("")).toBe("");
});
