import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";
import { RECOVERY_CODE } from "./ci/coverage/recovery-code.ts";

const everyBranch = Object.fromEntries(RECOVERY_CODE.map((path) => [path, { branches: 100 }]));

/** What tests and scenarios reach of the engine: `npm run coverage`. */
export default defineConfig({
  test: {
    include: [
      "engine/**/*.test.ts",
      "harness/hunt/*.test.ts",
      "ci/crash-points/*.test.ts",
      "ci/coverage/scenarios.cover.ts",
    ],
    exclude: [
      "**/*.tools.test.ts",
      "**/*.container.test.ts",
      "**/*.mounts.test.ts",
      // They take their time, and reach nothing of what is counted that others do not.
      "engine/node/**",
      "engine/controller/memory.test.ts",
    ],
    testTimeout: 300_000,
    maxWorkers: availableParallelism(),
    allowOnly: false,
    coverage: {
      enabled: true,
      provider: "v8",
      include: ["engine/**/*.ts"],
      exclude: ["engine/node/**", "engine/testing/**", "**/*.test.ts", "**/*.conformance*.ts", "**/*.node.ts"],
      reporter: ["text", "json-summary"],
      thresholds: { lines: 95, ...everyBranch },
    },
  },
});
