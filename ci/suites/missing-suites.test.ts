import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { missingSuiteLines } from "./missing-suites.ts";

const run = promisify(execFile);

test("who runs the tests is told which were not run, why, and what enables them", () => {
  const part = { name: "fio", suite: "tools", present: false, found: "absent", remedy: "apt-get install fio" } as const;
  const text = missingSuiteLines({ suite: "tools", missing: [part] }).join("\n");
  expect(text).toContain("NOT RUN: the tests *.tools.test.ts");
  expect(text).toContain("fio (absent); remedy: apt-get install fio");
  expect(text).toContain("npm run test:all");
});

test("without a Docker engine the container tests are named as not run, and all of them are refused", async () => {
  const vitest = (env: Record<string, string>): Promise<{ stdout: string }> =>
    run(process.execPath, ["node_modules/vitest/vitest.mjs", "run", "--project", "unit", "ci/lint/zones.test.ts"], {
      env: { ...process.env, DOCKER_HOST: "tcp://127.0.0.1:1", ...env },
    });
  const { stdout } = await vitest({ RESILVER_TESTS: "" });
  expect(stdout).toContain("NOT RUN: the tests *.container.test.ts");
  await expect(vitest({ RESILVER_TESTS: "all" })).rejects.toThrow("Docker engine");
});
