import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import { scenarioFiles } from "./scenario-files.ts";
import { UsageError } from "./usage-error.ts";

test.each([
  ["no scenario", "export default 3", /^scenarios\/mine\.ts: found a default export that is no scenario/],
  [
    "a module that throws",
    "throw new TypeError('no such step')",
    /^scenarios\/mine\.ts: found TypeError: no such step/,
  ],
  ["a module that lacks another", "import './nothing.ts'", /^scenarios\/mine\.ts: found .*nothing\.ts.*a module that/],
])("a file with %s is the caller's mistake, by its name and in one line", async (_, text, message) => {
  const folder = mkdtempSync(join(tmpdir(), "resilver-scenarios-"));
  try {
    writeFileSync(join(folder, "mine.ts"), text);
    const loading = scenarioFiles(pathToFileURL(`${folder}/`)).load("mine");
    await expect(loading).rejects.toThrow(UsageError);
    await expect(loading).rejects.toThrow(message);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
