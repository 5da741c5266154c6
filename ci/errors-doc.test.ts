import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "..");

test("docs/errors.md has one heading for every error code of the engine, in alphabetical order", () => {
  const source = readFileSync(join(root, "engine/errors.ts"), "utf8");
  const codes = [...source.matchAll(/^ {2}([A-Z][A-Z_]+): \{/gm)].map((found) => found[1] ?? "");
  expect(codes).toContain("DIVERGED");

  const chapter = readFileSync(join(root, "docs/errors.md"), "utf8")
    .split(/^## /m)
    .find((part) => part.startsWith("Engine"));
  const headings = [...(chapter ?? "").matchAll(/^### (\S+)$/gm)].map((found) => found[1] ?? "");
  expect(headings).toEqual(codes.toSorted());
});
