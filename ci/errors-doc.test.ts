import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "..");

test.each([
  ["the engine", "engine/errors.ts", "Engine", /^ {2}([A-Z][A-Z_]+): \{/gm, "DIVERGED"],
  ["the NBD client", "engine/node/nbd/nbd-error.ts", "NBD", /^ {2}([A-Z][A-Z_]+): \{/gm, "NBD_LOST"],
  [
    "the set-up of a daemon",
    "engine/node/setup-error.ts",
    "Setting up a daemon",
    /^ {2}\| "([A-Z][A-Z_]+)"/gm,
    "DISK_IN_USE",
  ],
])("docs/errors.md has one heading for every error code of %s, in alphabetical order", (_, file, title, code, one) => {
  const codes = [...readFileSync(join(root, file), "utf8").matchAll(code)].map((found) => found[1] ?? "");
  expect(codes).toContain(one);

  const chapter = readFileSync(join(root, "docs/errors.md"), "utf8")
    .split(/^## /m)
    .find((part) => part.startsWith(`${title}\n`));
  const headings = [...(chapter ?? "").matchAll(/^### (\S+)$/gm)].map((found) => found[1] ?? "");
  expect(headings).toEqual(codes.toSorted());
});
