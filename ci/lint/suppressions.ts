import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const FOLDERS = ["engine", "harness", "scenarios", "reports", "ci"];
// Spelt in two parts so that this file does not find itself.
const SUPPRESSION = new RegExp(
  ["(?:ox|es)lint-(?:dis)able", "@ts-(?:ig)nore", "@ts-(?:no)check", "biome-(?:ig)nore"].join("|"),
);

/** A suppressed rule is a rule that does not hold, and the lint cannot forbid its own suppression. */
export function findSuppressions(root: string): string[] {
  const found: string[] = [];
  for (const folder of FOLDERS.filter((name) => existsSync(join(root, name)))) {
    for (const entry of readdirSync(join(root, folder), { recursive: true, withFileTypes: true })) {
      if (!entry.isFile() || !entry.name.endsWith(".ts")) continue;
      const path = join(entry.parentPath, entry.name);
      readFileSync(path, "utf8")
        .split("\n")
        .forEach((line, index) => {
          if (SUPPRESSION.test(line)) found.push(`${path}:${index + 1}: lint suppressions are not allowed`);
        });
    }
  }
  return found;
}
