import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["{engine,harness,scenarios,reports,ci}/**/*.test.ts"],
    // A test that needs chance takes a seed and prints it; nothing here may differ from run to run.
    sequence: { shuffle: false },
    testTimeout: 30_000,
    allowOnly: false,
    passWithNoTests: false,
  },
});
