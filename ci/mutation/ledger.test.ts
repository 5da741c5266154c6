import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, test } from "vitest";
import { Ledger } from "./ledger.ts";
import type { Fate, Mutant } from "./mutant.ts";

const AT = { line: 1, column: 1 };
const MUTANT: Mutant = {
  id: "0",
  file: "engine/a.ts",
  mutator: "BooleanLiteral",
  original: "true",
  replacement: "false",
  location: { start: AT, end: AT },
  ignored: "",
  key: "engine/a.ts true false 1",
};

function found(fate: Fate) {
  return { fate, tried: "all", killer: "", failure: "", ms: 1 } as const;
}

function withFile(body: (file: string) => void): void {
  const folder = mkdtempSync(path.join(tmpdir(), "resilver-ledger-"));
  try {
    body(path.join(folder, "ledger.jsonl"));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function opened(file: string, tree: string, digest: string): Ledger {
  return new Ledger(file, { tree, files: new Map([[MUTANT.file, digest]]) });
}

test.each<[Fate, string, string, boolean]>([
  ["killed", "tree", "file", true],
  ["killed", "another tree", "file", true],
  ["timeout", "another tree", "file", true],
  ["killed", "another tree", "another file", false],
  ["survived", "tree", "file", true],
  ["survived", "another tree", "file", false],
  ["uncovered", "another tree", "file", false],
])("a mutant that %s, asked for with %s and %s: known is %s", (fate, tree, digest, isKnown) => {
  withFile((file) => {
    opened(file, "tree", "file").add(MUTANT, found(fate));
    expect(opened(file, tree, digest).of(MUTANT) !== undefined).toBe(isKnown);
  });
});

test("what was written last counts, and half a line is none", () => {
  withFile((file) => {
    const ledger = opened(file, "tree", "file");
    ledger.add(MUTANT, found("survived"));
    ledger.add(MUTANT, found("killed"));
    ledger.add(MUTANT, found("survived"));
    const text = readFileSync(file, "utf8");
    writeFileSync(file, text.slice(0, -20));
    expect(opened(file, "tree", "file").of(MUTANT)?.fate).toBe("killed");
  });
});
