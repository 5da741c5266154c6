import { format } from "node:util";

// In the place of Vitest, whose worker starts anew for every run: tests are kept, and run as often as one likes.

type Body = (...args: readonly unknown[]) => unknown;

export interface KeptTest {
  readonly file: string;
  readonly name: string;
  run(): unknown;
}

// `expect` asks Vitest's worker where it is; here is nothing to tell.
(globalThis as Record<string, unknown>)["__vitest_worker__"] = { filepath: "", config: {} };
const vitest = await import("vitest");

export const { expect } = vitest;

const kept: KeptTest[] = [];
let file = "";

/** What is defined from now on belongs to the file. */
export function beginFile(path: string): void {
  file = path;
}

export function keptTests(): readonly KeptTest[] {
  return kept;
}

function keep(name: string, run: () => unknown): void {
  const same = kept.filter((test) => test.file === file && test.name.replace(/ #\d+$/, "") === name).length;
  kept.push({ file, name: same === 0 ? name : `${name} #${same + 1}`, run });
}

function bodyOf(parts: readonly unknown[]): Body {
  const body = parts.find((part) => typeof part === "function");
  if (body === undefined) throw new Error("a test without a body");
  return body as Body;
}

function define(name: string, ...parts: readonly unknown[]): void {
  const body = bodyOf(parts);
  keep(name, () => body({}));
}

function each(rows: readonly unknown[]) {
  return (name: string, ...parts: readonly unknown[]): void => {
    const body = bodyOf(parts);
    const places = name.match(/%[a-zA-Z]/g)?.length ?? 0;
    for (const [index, row] of rows.entries()) {
      const args: readonly unknown[] = Array.isArray(row) ? row : [row];
      keep(`${format(name, ...args.slice(0, places))} (${index + 1})`, () => body(...args));
    }
  };
}

/** As Vitest's, as far as tests of the engine use it: anything else is missing, and the file does not load. */
export const test = Object.assign(define, { each });

export function describe(_: string, body: () => void): void {
  body();
}
