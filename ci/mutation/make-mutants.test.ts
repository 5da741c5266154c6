import { expect, test } from "vitest";
import { makeMutants } from "./make-mutants.ts";

const FILE = "engine/some.ts";

async function mutantsOf(source: string) {
  return (await makeMutants(new Map([[FILE, source]]))).mutants;
}

test("a mutant says what text it replaces, where", async () => {
  const mutants = await mutantsOf("export const twice = (a: number): number =>\n  a + a;\n");
  const sum = mutants.find(({ mutator }) => mutator === "ArithmeticOperator");
  expect(sum).toMatchObject({ file: FILE, original: "a + a", replacement: "a - a", ignored: "" });
  expect(sum?.location).toEqual({ start: { line: 2, column: 3 }, end: { line: 2, column: 8 } });
});

test("its key is the same wherever the text stands, and another one for each occurrence", async () => {
  const before = await mutantsOf("export const f = (a: number) => a + 1;\nexport const g = (a: number) => a + 1;\n");
  const after = await mutantsOf(
    "// A line.\n\nexport const f = (a: number) => a + 1;\nexport const g = (a: number) => a + 1;\n",
  );
  expect(after.map(({ key }) => key)).toEqual(before.map(({ key }) => key));
  expect(new Set(before.map(({ key }) => key)).size).toBe(before.length);
});

test("assertions, lines of the log, texts for people and blocks that do nothing are left out, and nothing else", async () => {
  const left = await mutantsOf(`
    assert(a > 1, "a is small");
    this.log.step("resync.begin", { track: a + 1 });
    refuse(new EngineError("WRONG_ROLE", { pair: \`\${name}\`, role: "x" }));
  `);
  expect(left.filter(({ ignored }) => ignored === "").map(({ original }) => original)).toEqual([
    '"WRONG_ROLE"',
    expect.stringMatching(/^\{ pair/),
  ]);
  const empty = await mutantsOf("class A { a() { return undefined; } b() { return; } c() { return false; } }");
  expect(empty.filter(({ ignored }) => ignored === "").map(({ original }) => original)).toEqual([
    expect.stringMatching(/^\{ a\(\)|return false/),
    "false",
  ]);
  const kept = await mutantsOf('export const role = isFirst ? "primary" : "secondary";');
  expect(kept.every(({ ignored }) => ignored === "")).toBe(true);
});
