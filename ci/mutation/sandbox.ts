import { cpSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { ROOT, type Sources } from "./core-files.ts";

/** All that the tests read. */
const PARTS = ["engine", "harness", "scenarios", "ci/mutation", "package.json", "node_modules"];

/** Makes a copy of the tree with the instrumented files in the place of theirs. */
export function makeSandbox(folder: string, instrumented: Sources): void {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(path.join(folder, "ci"), { recursive: true });
  for (const part of PARTS) {
    const to = path.join(folder, part);
    if (part === "node_modules") symlinkSync(path.join(ROOT, part), to, "dir");
    else cpSync(path.join(ROOT, part), to, { recursive: true });
  }
  placeInstrumented(folder, instrumented);
}

/** Writes the files with their switches into a copy of the tree. */
export function placeInstrumented(folder: string, instrumented: Sources): void {
  for (const [file, content] of instrumented) {
    if (!content.includes("stryMutAct_9fa48")) continue;
    const switches = path.posix.relative(path.posix.dirname(file), "ci/mutation/switches.ts");
    const header = `import { stryCov_9fa48, stryMutAct_9fa48 } from "${switches}";\n`;
    const plain = content.replaceAll(/(?<=stry(?:MutAct|Cov)_9fa48\()[^)]*/g, (ids) => ids.replaceAll('"', ""));
    writeFileSync(path.join(folder, file), header + plain);
  }
}
