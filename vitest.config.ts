import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";
import { missingSuiteLines, missingSuites, requiredSuites } from "./ci/suites/missing-suites.ts";
import { missingSuitesReporter } from "./ci/suites/missing-suites-reporter.ts";

const OUTER = ["tools", "database", "container", "mounts"];
const FOLDERS = "{engine,harness,scenarios,reports,ci}/**";

/**
 * Five suites: tests in this process; `*.tools.test.ts`, which drive programs of the system; `*.database.test.ts`, which
 * need a PostgreSQL server; `*.container.test.ts`, which need a Docker engine; and `*.mounts.test.ts`, which need both, and have Linux mount
 * volumes. A suite that cannot run here is left out and named at the end; with RESILVER_TESTS=all it is an error,
 * unless the machine is one that cannot mount.
 */
export default defineConfig(async () => {
  const missing = await missingSuites();
  const required = requiredSuites(missing);
  if (required.length > 0 && process.env["RESILVER_TESTS"] === "all")
    throw new Error(required.flatMap(missingSuiteLines).join("\n"));
  const outer = [
    {
      name: "tools",
      include: [`${FOLDERS}/*.tools.test.ts`],
      testTimeout: 60_000,
      maxWorkers: 2,
      sequence: { groupOrder: 1 },
    },
    {
      name: "database",
      include: [`${FOLDERS}/*.database.test.ts`],
      testTimeout: 120_000,
      hookTimeout: 60_000,
      // They wait for leases more than they compute, so they go beside the tools.
      maxWorkers: 2,
      sequence: { groupOrder: 1 },
    },
    {
      name: "containers",
      include: [`${FOLDERS}/*.container.test.ts`],
      globalSetup: "ci/suites/images.setup.ts",
      testTimeout: 120_000,
      hookTimeout: 60_000,
      // One file after the other: they measure time, and share one engine.
      maxWorkers: 1,
      sequence: { groupOrder: 2 },
    },
    {
      name: "mounts",
      include: [`${FOLDERS}/*.mounts.test.ts`],
      globalSetup: "ci/suites/images.setup.ts",
      testTimeout: 120_000,
      hookTimeout: 60_000,
      maxWorkers: 1,
      sequence: { groupOrder: 3 },
    },
  ].filter(({ name }) => !missing.some(({ suite }) => suite === name));
  return {
    test: {
      // A test that needs chance takes a seed and prints it; nothing here may differ from run to run.
      sequence: { shuffle: false },
      // Without, one processor is left to whoever watches.
      maxWorkers: availableParallelism(),
      allowOnly: false,
      passWithNoTests: false,
      reporters: ["default", missingSuitesReporter(missing)],
      projects: [
        {
          extends: true as const,
          test: {
            name: "unit",
            include: [`${FOLDERS}/*.test.ts`],
            exclude: ["**/node_modules/**", ...OUTER.map((suite) => `**/*.${suite}.test.ts`)],
            // Ends what never would; the slowest test of a busy machine is far from it.
            testTimeout: 120_000,
          },
        },
        ...outer.map((test) => ({ extends: true as const, test })),
      ],
    },
  };
});
