import { existsSync, readFileSync, writeFileSync } from "node:fs";
import type { TestName } from "./mill-message.ts";
import { startMill } from "./mill-process.ts";

/** What the tests are, and which mutants each of them meets. */
export interface Coverage {
  /** Of the sources and tests that it was taken of. */
  readonly digest: string;
  readonly tests: readonly CoveredTest[];
  /** Mutants that are met while files are loaded: they have to be there from the start. */
  readonly atLoad: readonly string[];
}

export interface CoveredTest extends TestName {
  /** Of a processor. */
  readonly ms: number;
  readonly reached: readonly string[];
  /** A test that fails on the source as it is judges nothing; "" if it passes. */
  readonly failure: string;
}

/** Runs every test once on the source as it is, or takes what was kept of that. @throws Error if it is interrupted */
export async function coverageOf(
  sandbox: string,
  files: readonly string[],
  kept: { readonly path: string; readonly digest: string },
  signal: AbortSignal = new AbortController().signal,
): Promise<Coverage> {
  if (existsSync(kept.path)) {
    const before = JSON.parse(readFileSync(kept.path, "utf8")) as Coverage;
    if (before.digest === kept.digest) return before;
  }
  const { mill, tests, reached } = await startMill(sandbox, files);
  const covered: CoveredTest[] = [];
  signal.addEventListener("abort", () => void mill.stop());
  await mill.cover(({ test, ms, reached, failure }) => {
    const named = tests[test];
    if (named !== undefined) covered[test] = { ...named, ms, reached, failure };
  });
  await mill.stop();
  const coverage = { digest: kept.digest, tests: covered, atLoad: reached };
  writeFileSync(kept.path, JSON.stringify(coverage));
  return coverage;
}
