import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll } from "vitest";

/** What printed files have to import from, where they are read back. */
export const PLAN_WORDS = new URL("../index.ts", import.meta.url).href;

/** Gives a function that tells what a printed file exports; its files go when the tests of the caller's file end. */
export function reader(): (text: string) => Promise<unknown> {
  const folder = mkdtempSync(join(tmpdir(), "resilver-print-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  let files = 0;
  return async (text) => {
    const path = join(folder, `scenario-${files++}.mjs`);
    writeFileSync(path, text);
    const module = (await import(/* @vite-ignore */ pathToFileURL(path).href)) as { readonly default: unknown };
    return module.default;
  };
}
