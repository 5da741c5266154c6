import { type OuterSuite, type ProvisionedPart, provisionedParts } from "../../harness/world/containers/provisioned.ts";

/** A suite that cannot run here. */
export interface MissingSuite {
  readonly suite: OuterSuite;
  readonly missing: readonly ProvisionedPart[];
}

/** The suites that this machine cannot run, with what they lack. */
export async function missingSuites(): Promise<readonly MissingSuite[]> {
  return suitesWithout((await provisionedParts()).filter(({ present }) => !present));
}

/** The suites that cannot run where these parts are missing. */
export function suitesWithout(missing: readonly ProvisionedPart[]): readonly MissingSuite[] {
  return (["tools", "database", "containers", "mounts"] as const)
    .map((suite) => ({
      suite,
      missing: missing.filter((part) => part.suite === suite || (suite === "mounts" && part.suite !== "database")),
    }))
    .filter(({ missing }) => missing.length > 0);
}

/** Of those, the suites that a machine which runs every test could have: CI does not pass without them. */
export function requiredSuites(suites: readonly MissingSuite[]): readonly MissingSuite[] {
  return suites.filter(({ missing }) => missing.some(({ inherent }) => inherent !== true));
}

/** What to tell whoever runs the tests; a line each. */
export function missingSuiteLines({ suite, missing }: MissingSuite): readonly string[] {
  return [
    `NOT RUN: the tests *.${SUFFIX[suite]}.test.ts, because this machine lacks:`,
    ...missing.map(({ name, found, remedy }) => `  ${name} (${found}); remedy: ${remedy}`),
    "  all at once: npm run test:all",
  ];
}

const SUFFIX: Readonly<Record<OuterSuite, string>> = {
  tools: "tools",
  database: "database",
  containers: "container",
  mounts: "mounts",
};
