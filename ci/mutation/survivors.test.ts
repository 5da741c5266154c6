import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { coreFiles } from "./core-files.ts";
import { makeMutants } from "./make-mutants.ts";
import { withTable } from "./survivor-table.ts";
import { reasonOf, reasons } from "./survivors.ts";

test("every reason is of a mutant that there is", async () => {
  const known = reasons();
  const files = new Set(known.map(({ file }) => file));
  const { mutants } = await makeMutants(new Map([...coreFiles()].filter(([file]) => files.has(file))));
  const found = new Set(mutants.map((mutant) => (mutant.ignored === "" ? reasonOf(mutant, known) : undefined)));
  expect(known.filter((reason) => !found.has(reason))).toEqual([]);
}, 60_000);

test("docs/mutation.md has them all: npm run -s mutants -- table", () => {
  const document = readFileSync(new URL("../../docs/mutation.md", import.meta.url), "utf8");
  expect(withTable(document, reasons())).toBe(document);
});
