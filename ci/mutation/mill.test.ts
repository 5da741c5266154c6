import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Campaign } from "./campaign.ts";
import { ROOT } from "./core-files.ts";
import { coverageOf } from "./coverage.ts";
import { Ledger } from "./ledger.ts";
import { makeMutants, type Mutants } from "./make-mutants.ts";
import { placeInstrumented } from "./sandbox.ts";

const SOURCE = `
export const LIMIT = 4 + 4;
export function isBelow(a: number): boolean {
  return a < LIMIT;
}
export async function settle(now: boolean): Promise<void> {
  if (now) return;
  await new Promise(() => undefined);
}
export function unmet(): number {
  return 1;
}
export function heedless(): void {
  void Promise.resolve(true).then((ok) => {
    if (!ok) throw new Error("x");
  });
}
`;
const TESTS = `
import { expect, test } from "vitest";
import { heedless, isBelow, LIMIT, settle } from "./some.ts";
test("the limit", () => expect(LIMIT).toBe(8));
test.each([[1, true], [100, false]])("%i", (a, expected) => expect(isBelow(a)).toBe(expected));
test("settles", async () => settle(true));
test("nothing is rejected unheard", () => heedless());
test("judges nothing", () => expect(1).toBe(2));
`;

let folder = "";
let made: Mutants = { mutants: [], instrumented: new Map() };

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), "resilver-mill-"));
  mkdirSync(path.join(folder, "engine"));
  cpSync(path.join(ROOT, "ci/mutation"), path.join(folder, "ci/mutation"), { recursive: true });
  cpSync(path.join(ROOT, "package.json"), path.join(folder, "package.json"));
  symlinkSync(path.join(ROOT, "node_modules"), path.join(folder, "node_modules"), "dir");
  made = await makeMutants(new Map([["engine/some.ts", SOURCE]]));
  placeInstrumented(folder, made.instrumented);
  writeFileSync(path.join(folder, "engine/some.test.ts"), TESTS);
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

test("each mutant has the fate that its tests give it", async () => {
  const testFiles = ["engine/some.test.ts"];
  const coverage = await coverageOf(folder, testFiles, { path: path.join(folder, "coverage.json"), digest: "d" });
  expect(coverage.tests.map(({ name, failure }) => [name, failure === ""])).toEqual([
    ["the limit", true],
    ["1 (1)", true],
    ["100 (2)", true],
    ["settles", true],
    ["nothing is rejected unheard", true],
    ["judges nothing", false],
  ]);
  const ledger = new Ledger(path.join(folder, "ledger.jsonl"), { tree: "t", files: new Map() });
  const isOver = () => false;
  const onMutant = () => undefined;
  const isReasoned = () => false;
  const parts = { sandbox: folder, testFiles, coverage, ledger, firstMs: 2000, isReasoned, isOver, onMutant };
  await new Campaign(parts).run(made.mutants);
  const fates = made.mutants.map((mutant) => {
    const { fate = "", killer = "" } = ledger.of(mutant) ?? {};
    return `${mutant.original} → ${mutant.replacement}: ${fate} ${killer.slice("engine/some.test.ts ".length)}`;
  });
  // Met while files are loaded.
  expect(fates).toContainEqual(expect.stringMatching(/^4 \+ 4 → 4 - 4: killed/));
  expect(fates).toContain("a < LIMIT → a <= LIMIT: survived ");
  expect(fates).toContain("a < LIMIT → true: killed 100 (2)");
  // Waits for ever.
  expect(fates).toContain("now → false: killed settles");
  expect(fates).toContain("!ok → true: killed nothing is rejected unheard");
  expect(fates.filter((text) => text.includes("return 1"))).toEqual(["{\n  return 1;\n} → {}: uncovered "]);
}, 60_000);
