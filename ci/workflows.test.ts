import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const FILES = [".github/workflows/resilver.yml", "ci/gitlab/resilver.gitlab-ci.yml"] as const;
const main = fileURLToPath(new URL("../main.ts", import.meta.url));

/** The commands of a file, each as its words. */
function commandsIn(file: string): string[][] {
  const text = readFileSync(new URL(`../${file}`, import.meta.url), "utf8");
  const found = text.matchAll(/(?:command: |resilver -- )(.+)$/gmu);
  return [...found].map(([, command = ""]) => command.split(" "));
}

test.each(FILES)("%s gives commands and options that there are", (file) => {
  const commands = commandsIn(file);
  expect(commands.length).toBeGreaterThanOrEqual(3);
  for (const [command = "", ...words] of commands) {
    const help = execFileSync(process.execPath, [main, command, "--help"], { encoding: "utf8" });
    expect(help).toContain(`Usage: resilver ${command} `);
    for (const option of words.filter((word) => word.startsWith("--"))) expect(help).toContain(`${option} <`);
  }
});
