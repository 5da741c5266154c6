import type { Reporter } from "vitest/node";
import { type MissingSuite, missingSuiteLines } from "./missing-suites.ts";

/** Says at the end of every run which suites were not run and how to enable them. */
export function missingSuitesReporter(suites: readonly MissingSuite[]): Reporter {
  return {
    onTestRunEnd() {
      for (const suite of suites) console.log(`\n${missingSuiteLines(suite).join("\n")}`);
    },
  };
}
