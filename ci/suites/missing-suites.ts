import { type OuterSuite, type ProvisionedPart, provisionedParts } from "../../harness/world/containers/provisioned.ts";

/** A suite that cannot run here. */
export interface MissingSuite {
  readonly suite: OuterSuite;
  readonly missing: readonly ProvisionedPart[];
}

/** The suites that this machine cannot run, with what they lack. */
export async function missingSuites(): Promise<readonly MissingSuite[]> {
  const parts = await provisionedParts();
  return (["tools", "containers"] as const)
    .map((suite) => ({ suite, missing: parts.filter((part) => part.suite === suite && !part.present) }))
    .filter(({ missing }) => missing.length > 0);
}

/** What to tell whoever runs the tests; a line each. */
export function missingSuiteLines({ suite, missing }: MissingSuite): readonly string[] {
  return [
    `NOT RUN: the tests *.${SUFFIX[suite]}.test.ts, because this machine lacks:`,
    ...missing.map(({ name, found, remedy }) => `  ${name} (${found}); remedy: ${remedy}`),
    "  all at once: npm run test:all",
  ];
}

const SUFFIX: Readonly<Record<OuterSuite, string>> = { tools: "tools", containers: "container" };
