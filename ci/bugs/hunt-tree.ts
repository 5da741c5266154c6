import { spawn } from "node:child_process";
import path from "node:path";
import { createInterface } from "node:readline";
import type { HuntMessage, HuntOutcome, HuntRequest } from "./hunt-message.ts";
import type { ScratchTree } from "./scratch-tree.ts";

/** One run takes some milliseconds; one that takes so long does not end. */
const SILENCE_MS_MAX = 60_000;

/** `ended`: the program ended by itself, or a run did not. */
export type TreeOutcome = HuntOutcome | { readonly kind: "ended"; readonly why: string };

/** Hunts in a copy of the tree, in a program of its own. @returns one outcome for each start that was come to */
export function huntTree(tree: ScratchTree, request: HuntRequest): Promise<TreeOutcome[]> {
  const entry = path.join(tree.folder, "ci/bugs/hunt-child.ts");
  const args = ["--disable-warning=ExperimentalWarning", entry, JSON.stringify(request)];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
  const outcomes: TreeOutcome[] = [];
  let errors = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    errors = (errors + text).slice(-2000);
  });
  let why = "";
  const hang = (): void => {
    why = `a run did not end within ${SILENCE_MS_MAX / 1000} s`;
    child.kill("SIGKILL");
  };
  let timer = setTimeout(hang, SILENCE_MS_MAX);
  createInterface({ input: child.stdout }).on("line", (line) => {
    clearTimeout(timer);
    timer = setTimeout(hang, SILENCE_MS_MAX);
    const message = JSON.parse(line) as HuntMessage;
    if (message.kind !== "alive") outcomes.push(message);
  });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => {
      clearTimeout(timer);
      if (outcomes.length < request.starts.length)
        outcomes.push({ kind: "ended", why: why === "" ? `the program ended (${code ?? signal}): ${errors}` : why });
      resolve(outcomes);
    });
  });
}
