import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { missingSuiteLines, requiredSuites, suitesWithout } from "./missing-suites.ts";

const run = promisify(execFile);

test("who runs the tests is told which were not run, why, and what enables them", () => {
  const part = { name: "fio", suite: "tools", present: false, found: "absent", remedy: "apt-get install fio" } as const;
  const text = missingSuiteLines({ suite: "tools", missing: [part] }).join("\n");
  expect(text).toContain("NOT RUN: the tests *.tools.test.ts");
  expect(text).toContain("fio (absent); remedy: apt-get install fio");
  expect(text).toContain("npm run test:all");
});

test("a machine that cannot mount is told so and passes; one that lacks a program for it does not", () => {
  const common = { present: false, found: "absent", remedy: "" } as const;
  const fuse = { ...common, name: "mounts over NBD", suite: "mounts", inherent: true } as const;
  const sqlite = { ...common, name: "sqlite3", suite: "mounts" } as const;
  const docker = { ...common, name: "Docker engine", suite: "containers" } as const;
  const outcome = (...missing: Parameters<typeof suitesWithout>[0]): readonly string[][] => {
    const suites = suitesWithout(missing);
    return [suites, requiredSuites(suites)].map((list) => list.map(({ suite }) => suite));
  };
  expect(outcome()).toEqual([[], []]);
  const postgres = { ...common, name: "PostgreSQL server", suite: "database" } as const;
  expect(outcome(postgres)).toEqual([["database"], ["database"]]);
  expect(outcome(fuse)).toEqual([["mounts"], []]);
  expect(outcome(fuse, sqlite)).toEqual([["mounts"], ["mounts"]]);
  expect(outcome(docker)).toEqual([
    ["containers", "mounts"],
    ["containers", "mounts"],
  ]);
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
