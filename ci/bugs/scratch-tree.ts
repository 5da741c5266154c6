import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
/** Files that a hunt does not need. */
const LEFT_OUT =
  /\.(?:test|conformance)\.ts$|(?:rig|bench|conformance|changes)\.node\.ts$|[/\\](?:fixtures|patches|testing|node|containers|cli)$/;

/** A copy of parts of the tree in a temporary directory, which can be spoilt. */
export class ScratchTree {
  readonly folder: string;

  /** @param parts folders, from the root of the repository, without their tests */
  constructor(parts: readonly string[] = ["engine", "harness", "ci/bugs"]) {
    this.folder = mkdtempSync(path.join(tmpdir(), "resilver-bugs-"));
    for (const part of parts) {
      mkdirSync(path.dirname(path.join(this.folder, part)), { recursive: true });
      const filter = (source: string): boolean => !LEFT_OUT.test(source);
      cpSync(path.join(ROOT, part), path.join(this.folder, part), { recursive: true, filter });
    }
    for (const file of ["package.json", "tsconfig.json"]) cpSync(path.join(ROOT, file), path.join(this.folder, file));
    symlinkSync(path.join(ROOT, "node_modules"), path.join(this.folder, "node_modules"), "dir");
  }

  /** @returns what git says against the patch, and nothing is changed then; "" if it is applied */
  apply(patch: string): string {
    const args = ["apply", "--whitespace=nowarn", "-"];
    const { status, stderr } = spawnSync("git", args, { cwd: this.folder, input: patch, encoding: "utf8" });
    return status === 0 ? "" : `git apply: ${stderr}`;
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
