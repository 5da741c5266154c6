import { appendFileSync, existsSync, readFileSync } from "node:fs";
import type { Fate, Mutant } from "./mutant.ts";
import { isDetected } from "./mutant.ts";

/** What became of one mutant. */
export interface Entry {
  readonly key: string;
  /** Of its file. */
  readonly fileDigest: string;
  /** Of all sources and tests. */
  readonly treeDigest: string;
  readonly fate: Fate;
  /** The tests that were tried: the first of them, or all. */
  readonly tried: "first" | "all";
  /** `file name` of the test that noticed it; "" if none. */
  readonly killer: string;
  readonly failure: string;
  readonly ms: number;
}

/**
 * What is known, a line a mutant, written as it becomes known: a campaign that is broken off goes on where it was. What was
 * noticed counts while its file is the same; what was not is tried again when anything has changed, since a test may be new.
 */
export class Ledger {
  readonly #path: string;
  readonly #digests: { readonly tree: string; readonly files: ReadonlyMap<string, string> };
  readonly #entries = new Map<string, Entry>();

  constructor(path: string, digests: { readonly tree: string; readonly files: ReadonlyMap<string, string> }) {
    this.#path = path;
    this.#digests = digests;
    if (!existsSync(path)) return;
    for (const line of readFileSync(path, "utf8").split("\n")) {
      if (!line.endsWith("}")) continue;
      const entry = JSON.parse(line) as Entry;
      this.#entries.set(entry.key, entry);
    }
  }

  /** @returns undefined if it is not known, or not any more */
  of({ key, file }: Mutant): Entry | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined || entry.fileDigest !== (this.#digests.files.get(file) ?? "")) return undefined;
    return isDetected(entry.fate) || entry.treeDigest === this.#digests.tree ? entry : undefined;
  }

  add({ key, file }: Mutant, found: Pick<Entry, "fate" | "tried" | "killer" | "failure" | "ms">): void {
    const fileDigest = this.#digests.files.get(file) ?? "";
    const entry = { key, fileDigest, treeDigest: this.#digests.tree, ...found };
    this.#entries.set(key, entry);
    appendFileSync(this.#path, `${JSON.stringify(entry)}\n`);
  }
}
