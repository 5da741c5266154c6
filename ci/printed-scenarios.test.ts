import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { loadAll, scenarioFiles } from "../harness/cli/scenario-files.ts";
import { randomPlans } from "../harness/hunt/random-plan.ts";
import { KINDS } from "../harness/hunt/random-words.ts";
import { parsePlan } from "../harness/plan/index.ts";
import { printScenario } from "../harness/plan/print/print-scenario.ts";

const folder = mkdtempSync(join(tmpdir(), "resilver-print-"));
afterAll(() => rmSync(folder, { recursive: true }));
const from = new URL("../harness/plan/index.ts", import.meta.url).href;
let files = 0;

/** What the printed file gives. */
async function readBack(text: string): Promise<unknown> {
  const path = join(folder, `scenario-${files++}.mjs`);
  writeFileSync(path, text);
  const module = (await import(/* @vite-ignore */ pathToFileURL(path).href)) as { readonly default: unknown };
  return module.default;
}

test("every scenario there is reads as one that somebody wrote, and gives the same plan", async () => {
  const entries = await loadAll(scenarioFiles(new URL("../scenarios/", import.meta.url)));
  expect(entries.length).toBeGreaterThan(100);
  for (const { id, plan } of entries) {
    const text = printScenario(parsePlan(plan), { from });
    expect.soft(await readBack(text), id).toEqual(plan);
    expect.soft(text.match(/.*kind: .*/u)?.[0], id).toBeUndefined();
  }
});

test("so does every random plan", async () => {
  const plans = fc.sample(
    fc.constantFrom(...KINDS).chain((kind) => randomPlans(kind)),
    { seed: 20_261_122, numRuns: 100 },
  );
  for (const plan of plans) {
    const text = printScenario(plan, { from });
    expect(await readBack(text)).toEqual(plan);
    expect(text).not.toContain("kind: ");
  }
});
