import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { findSuppressions } from "./suppressions.ts";

// In two parts, so that this file is not found itself.
test.each([
  ["oxlint-", "disable"],
  ["eslint-", "disable-next-line x"],
  ["@ts-", "nocheck"],
  ["@ts-", "ignore"],
  ["biome-", "ignore"],
])("%s%s is found, with its place", (first, second) => {
  const root = mkdtempSync(join(tmpdir(), "resilver-suppressions-"));
  try {
    for (const folder of ["engine", "harness/plan", "scenarios", "reports", "ci"])
      mkdirSync(join(root, folder), { recursive: true });
    writeFileSync(join(root, "harness/plan/a.ts"), `export const a = 1;\n// ${first}${second}\n`);
    writeFileSync(join(root, "engine/b.ts"), "export const b = 1;\n");
    expect(findSuppressions(root)).toEqual([expect.stringContaining("harness/plan/a.ts:2")]);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
});
