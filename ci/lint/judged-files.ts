/** A file that the lint must judge in a stated way. */
interface JudgedFile {
  /** Where it is put, from the root. */
  readonly path: string;
  readonly text: string;
  /** The rules that must reject it; empty for a file that must be accepted. */
  readonly rejectedBy: readonly string[];
}

const DIRECTION = "resilver(import-direction)";
const BUILTIN = "import(no-nodejs-modules)";
const GLOBALS = "eslint(no-restricted-globals)";
const PROPERTIES = "eslint(no-restricted-properties)";

/** One deliberately broken file for every rule that the design rests on, and clean ones beside them. */
export const judgedFiles: readonly JudgedFile[] = [
  // What the others import.
  clean("engine/ports/target.ts", "export const engineThing = 1;\nexport type EngineType = number;"),
  clean("engine/mirror/target.ts", "export const mirrorThing = 1;"),
  clean("engine/node/target.ts", "export const nodeThing = 1;"),
  clean("harness/history/target.ts", "export const historyThing = 1;"),
  clean("harness/world/sim/target.ts", "export const worldThing = 1;"),
  clean("harness/oracle/target.ts", "export const oracleThing = 1;"),
  clean("scenarios/regressions/target.ts", "export const scenarioThing = 1;"),
  clean("reports/target.ts", "export const reportThing = 1;"),

  // The direction of imports.
  imports("engine/mirror/to-harness.ts", "../../harness/history/target.ts", "historyThing", [DIRECTION]),
  imports("engine/mirror/to-harness.test.ts", "../../harness/history/target.ts", "historyThing", [DIRECTION]),
  imports("engine/mirror/to-node.ts", "../node/target.ts", "nodeThing", [DIRECTION]),
  imports("harness/run/to-scenarios.ts", "../../scenarios/regressions/target.ts", "scenarioThing", [DIRECTION]),
  imports("harness/run/to-reports.ts", "../../reports/target.ts", "reportThing", [DIRECTION]),
  imports("harness/run/to-oracle.ts", "../oracle/target.ts", "oracleThing", [DIRECTION]),
  imports("harness/check/to-mirror.ts", "../../engine/mirror/target.ts", "mirrorThing", [DIRECTION]),
  imports("harness/target/to-node.ts", "../../engine/node/target.ts", "nodeThing", [DIRECTION]),
  imports("reports/to-world.ts", "../harness/world/sim/target.ts", "worldThing", [DIRECTION]),
  imports("scenarios/regressions/to-reports.ts", "../../reports/target.ts", "reportThing", [DIRECTION]),
  broken(
    "engine/mirror/type.ts",
    'import type { T } from "../../harness/history/target.ts";\nexport type U = T;',
    DIRECTION,
  ),
  broken("engine/mirror/inline-type.ts", 'export type U = import("../../harness/history/target.ts").T;', DIRECTION),
  broken("engine/mirror/reexport.ts", 'export { historyThing } from "../../harness/history/target.ts";', DIRECTION),
  broken("engine/mirror/reexport-all.ts", 'export * from "../../harness/history/target.ts";', DIRECTION),
  broken(
    "engine/mirror/dynamic.ts",
    'export const load = (): Promise<unknown> => import("../../harness/history/target.ts");',
    DIRECTION,
  ),
  imports("engine/mirror/to-ports.ts", "../ports/target.ts", "engineThing", []),
  imports("harness/world/containers/to-node.ts", "../../../engine/node/target.ts", "nodeThing", []),
  imports("harness/cli/to-reports.ts", "../../reports/target.ts", "reportThing", [DIRECTION]),
  imports("reports/to-history.ts", "../harness/history/target.ts", "historyThing", []),

  // Packages that one folder knows.
  broken("harness/cli/to-pg-boss.ts", 'import { PgBoss } from "pg-boss";\nexport const Boss = PgBoss;', DIRECTION),
  broken("harness/hunt/to-pg-boss.ts", 'export const load = (): Promise<unknown> => import("pg-boss");', DIRECTION),
  clean("harness/queue/to-pg-boss.ts", 'import { PgBoss } from "pg-boss";\nexport const Boss = PgBoss;'),

  // Import cycles.
  broken(
    "engine/volume/cycle-a.ts",
    'import { second } from "./cycle-b.ts";\nexport const first = (): number => second();',
    "import(no-cycle)",
  ),
  broken(
    "engine/volume/cycle-b.ts",
    'import { first } from "./cycle-a.ts";\nexport const second = (): number => first();',
    "import(no-cycle)",
  ),

  // The engine and the heart of the harness also run in a browser, and know no other time or chance than the world's.
  ...[
    "engine/mirror",
    "harness/plan",
    "harness/check",
    "harness/history",
    "harness/world/sim",
    "harness/fault",
    "harness/run",
  ].flatMap((folder) => [
    broken(`${folder}/builtin.ts`, 'import { sep } from "node:path";\nexport const separator = sep;', BUILTIN),
    broken(`${folder}/date.ts`, "export const now = (): number => Date.now();", GLOBALS),
    broken(`${folder}/random.ts`, "export const draw = (): number => Math.random();", PROPERTIES),
    broken(
      `${folder}/for-in.ts`,
      "export function keys(of: object): string[] {\n  const found: string[] = [];\n  for (const key in of) found.push(key);\n  return found;\n}",
      "resilver(no-for-in)",
    ),
  ]),
  broken("engine/mirror/bare-builtin.ts", 'import { sep } from "path";\nexport const separator = sep;', BUILTIN),
  broken("engine/mirror/new-date.ts", "export const now = (): unknown => new Date();", GLOBALS),
  broken("engine/mirror/global-date.ts", "export const now = (): number => globalThis.Date.now();", GLOBALS),
  broken("engine/mirror/timeout.ts", "export const later = (f: () => void): unknown => setTimeout(f, 1);", GLOBALS),
  broken("engine/mirror/interval.ts", "export const later = (f: () => void): unknown => setInterval(f, 1);", GLOBALS),
  broken("engine/mirror/immediate.ts", "export const later = (f: () => void): unknown => setImmediate(f);", GLOBALS),
  broken("engine/mirror/crypto.ts", "export const draw = (): string => crypto.randomUUID();", GLOBALS),
  broken("engine/mirror/performance.ts", "export const now = (): number => performance.now();", GLOBALS),
  broken("engine/mirror/buffer.ts", "export const bytes = (): Uint8Array => Buffer.alloc(1);", GLOBALS),
  broken("engine/mirror/process.ts", "export const id = (): number => process.pid;", GLOBALS),
  broken("engine/mirror/global-random.ts", "export const draw = (): number => globalThis.Math.random();", PROPERTIES),
  broken("engine/mirror/locale.ts", 'export const order = (): number => "a".localeCompare("b");', PROPERTIES),
  broken("engine/mirror/console.ts", 'export const say = (): void => console.log("x");', "eslint(no-console)"),
  clean(
    "engine/mirror/builtin.test.ts",
    'import { sep } from "node:path";\nimport { expect, test } from "vitest";\ntest("x", () => {\n  expect(sep).toBe("/");\n});',
  ),

  // Promises and types.
  broken(
    "engine/mirror/floating.ts",
    "const work = async (): Promise<number> => Promise.resolve(1);\nexport function start(): void {\n  work();\n}",
    "typescript(no-floating-promises)",
  ),
  broken(
    "engine/mirror/misused.ts",
    "const work = async (): Promise<boolean> => Promise.resolve(true);\nexport const wrong = (): number => (work() ? 1 : 2);",
    "typescript(no-misused-promises)",
  ),
  broken(
    "engine/mirror/await-nothing.ts",
    "export async function wait(value: number): Promise<number> {\n  return await value;\n}",
    "typescript(await-thenable)",
  ),
  broken(
    "engine/mirror/switch.ts",
    'export function side(of: "a" | "b"): number {\n  switch (of) {\n    case "a":\n      return 1;\n  }\n  return 2;\n}',
    "typescript(switch-exhaustiveness-check)",
  ),
  broken("engine/mirror/any.ts", "export const anything = (x: any): unknown => x;", "typescript(no-explicit-any)"),
  broken(
    "engine/mirror/ignore.ts",
    ["// @ts-", "ignore\nexport const x: number = 1;"].join(""),
    "typescript(ban-ts-comment)",
  ),

  // Tests that say nothing.
  broken(
    "engine/mirror/skipped.test.ts",
    'import { expect, test } from "vitest";\ntest.skip("later", () => {\n  expect(1).toBe(1);\n});',
    "vitest(no-disabled-tests)",
  ),
  broken(
    "engine/mirror/empty.test.ts",
    'import { test } from "vitest";\ntest("nothing", () => {});',
    "vitest(expect-expect)",
  ),
];

function clean(path: string, text: string): JudgedFile {
  return { path, text: `${text}\n`, rejectedBy: [] };
}

function broken(path: string, text: string, rule: string): JudgedFile {
  return { path, text: `${text}\n`, rejectedBy: [rule] };
}

function imports(path: string, specifier: string, name: string, rejectedBy: readonly string[]): JudgedFile {
  return { path, text: `import { ${name} } from "${specifier}";\nexport const copy = ${name};\n`, rejectedBy };
}
