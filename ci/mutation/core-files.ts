import { globSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** What is not the replication core: the daemon, and what only tests use. */
const NO_CORE = /^engine\/(?:node|testing)\/|\.(?:test|node)\.ts$|\.conformance\.|\.fixture\./;

/** Of this folder only the programs that run tests decide; and the daemon is in none of them. */
const NO_DECISION = /^engine\/node\/|^ci\/mutation\/(?!mill|second-line|vitest-stand-in)/;

/** Text by path from the root of the repository, in the order of the paths. */
export type Sources = ReadonlyMap<string, string>;

/** The replication core: `engine/` but the daemon and what only tests use. */
export function coreFiles(): Sources {
  return sourcesOf("engine/**/*.ts", (file) => !NO_CORE.test(file));
}

/** Everything that decides what a mutant's tests do: engine, harness and scenarios with their tests. */
export function allFiles(): Sources {
  return sourcesOf("{engine,harness,scenarios,ci/mutation}/**/*.{ts,json}", (file) => !NO_DECISION.test(file));
}

function sourcesOf(pattern: string, keep: (file: string) => boolean): Sources {
  const files = globSync(pattern, { cwd: ROOT })
    .map((file) => file.split(path.sep).join("/"))
    .filter(keep)
    .sort();
  return new Map(files.map((file) => [file, readFileSync(path.join(ROOT, file), "utf8")]));
}
