import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { judgedFiles } from "./lint/judged-files.ts";
import { findSuppressions } from "./lint/suppressions.ts";

/**
 * Proves that the lint gate rejects what it must: a gate that checks nothing passes everything.
 *
 * The broken files are put into a tree of their own in the temporary folder, with the project's
 * lint configuration and its `lint` command, so the checkout never holds one of them.
 */
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const problems = [...judge(), ...findSuppressions(root)];
for (const problem of problems) console.error(`gate proof: ${problem}`);
if (problems.length > 0) process.exitCode = 1;
else console.log(`gate proof: ${judgedFiles.length} files judged as they must be`);

function judge(): string[] {
  const tree = mkdtempSync(join(tmpdir(), "resilver-gate-"));
  try {
    for (const name of [".oxlintrc.json", "tsconfig.json", "package.json", "ci/lint"])
      cpSync(join(root, name), join(tree, name), { recursive: true });
    symlinkSync(join(root, "node_modules"), join(tree, "node_modules"));
    for (const { path, text } of judgedFiles) {
      mkdirSync(join(tree, dirname(path)), { recursive: true });
      writeFileSync(join(tree, path), text, { flag: "wx" });
    }
    return compare(lint(tree));
  } finally {
    rmSync(tree, { recursive: true, force: true });
  }
}

interface Diagnostic {
  readonly filename: string;
  readonly code: string;
}

/** Runs the project's own lint command in `tree`. */
function lint(tree: string): readonly Diagnostic[] {
  const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { scripts: { lint: string } };
  const done = spawnSync(`${scripts.lint} --format=json`, {
    cwd: tree,
    shell: true,
    encoding: "utf8",
    timeout: 120_000,
  });
  if (done.status !== 1)
    throw new Error(
      `lint of the broken files: exit code 1 expected, ${done.status} found\n${done.stdout}${done.stderr}`,
    );
  return (JSON.parse(done.stdout) as { diagnostics: Diagnostic[] }).diagnostics;
}

/** What differs between the verdicts of the lint and those of `judgedFiles`. */
function compare(diagnostics: readonly Diagnostic[]): string[] {
  const wrong: string[] = [];
  for (const { path, rejectedBy } of judgedFiles) {
    const rules = diagnostics.filter(({ filename }) => filename === path).map(({ code }) => code);
    for (const rule of rejectedBy)
      if (!rules.includes(rule))
        wrong.push(`${path}: ${rule} must reject it; rejected by ${rules.join(", ") || "nothing"}`);
    if (rejectedBy.length === 0 && rules.length > 0)
      wrong.push(`${path}: must be accepted; rejected by ${rules.join(", ")}`);
  }
  return wrong;
}
