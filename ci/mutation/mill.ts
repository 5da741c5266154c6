import { registerHooks } from "node:module";
import path from "node:path";
import { performance } from "node:perf_hooks";
import { pathToFileURL } from "node:url";
import fc from "fast-check";
import type { MillAnswer, MillRequest } from "./mill-message.ts";
import { activate, collect, collected } from "./switches.ts";
import { beginFile, type KeptTest, keptTests } from "./vitest-stand-in.ts";

// The program that runs tests on mutants, in a copy of the tree whose engine is instrumented: everything is loaded once,
// and a mutant is a switch. It ends when its parent does.

/** A test that waits while nothing happens for so long waits for ever: tests of the engine have no timers. */
const IDLE_LOOKS_MAX = 4;
const LOOK_EVERY_MS = 100;
/** Scenarios ask judges in other threads. */
const OUTSIDE_IDLE_LOOKS_MAX = 100;
const IDLE_SHARE = 0.05;

const root = path.resolve(import.meta.dirname, "../..");
const standIn = new URL("./vitest-stand-in.ts", import.meta.url).href;

registerHooks({
  resolve: (specifier, context, next) =>
    specifier === "vitest" && context.parentURL !== standIn
      ? { url: standIn, shortCircuit: true }
      : next(specifier, context),
});
// The smallest counterexample is of no use here, and takes its time.
fc.configureGlobal({ endOnFailure: true });

let fail: ((error: unknown) => void) | undefined;
const heard = (error: unknown): void => fail?.(error);
process.on("unhandledRejection", heard);
process.on("uncaughtException", heard);

function tell(answer: MillAnswer): void {
  process.send?.(answer);
}

function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/** @returns what it failed with; "" if it passed */
async function failureOf(test: KeptTest): Promise<string> {
  const looksMax = test.file.startsWith("engine/") ? IDLE_LOOKS_MAX : OUTSIDE_IDLE_LOOKS_MAX;
  let looks = 0;
  let before = performance.eventLoopUtilization();
  let timer: NodeJS.Timeout | undefined;
  const trouble = new Promise<never>((_, reject) => {
    fail = reject;
    timer = setInterval(() => {
      const now = performance.eventLoopUtilization();
      looks = performance.eventLoopUtilization(now, before).utilization < IDLE_SHARE ? looks + 1 : 0;
      before = now;
      if (looks >= looksMax) reject(new Error("it waits for ever"));
    }, LOOK_EVERY_MS);
  });
  try {
    await Promise.race([(async () => test.run())(), trouble]);
    // What is rejected unheard is told after the microtasks.
    await Promise.race([turn(), trouble]);
    return "";
  } catch (error) {
    return error instanceof Error ? `${error.name}: ${error.message}`.slice(0, 300) : String(error);
  } finally {
    fail = undefined;
    clearInterval(timer);
  }
}

async function load(files: readonly string[], active: string): Promise<void> {
  collect();
  activate(active);
  try {
    for (const file of files) {
      beginFile(file);
      await import(pathToFileURL(path.join(root, file)).href);
    }
  } catch (error) {
    tell({ kind: "not-loaded", failure: String(error) });
    return;
  }
  const reached = collected();
  tell({ kind: "loaded", tests: keptTests().map(({ file, name }) => ({ file, name })), reached });
}

async function cover(): Promise<void> {
  for (const [index, test] of keptTests().entries()) {
    tell({ kind: "testing", test: index });
    collect();
    const before = process.cpuUsage();
    const failure = await failureOf(test);
    const { user, system } = process.cpuUsage(before);
    const ms = (user + system) / 1000;
    tell({ kind: "covered", test: index, ms, reached: collected(), failure });
  }
  tell({ kind: "all-covered" });
}

async function run(id: string, tests: readonly number[]): Promise<void> {
  activate(id);
  for (const index of tests) {
    const test = keptTests()[index];
    if (test === undefined) throw new Error(`there is no test ${index}`);
    tell({ kind: "testing", test: index });
    const failure = await failureOf(test);
    if (failure === "") continue;
    // What the failed test left behind must meet the mutant, not the next one.
    await turn();
    activate("");
    tell({ kind: "done", killer: index, failure });
    return;
  }
  activate("");
  tell({ kind: "done", killer: undefined, failure: "" });
}

process.on("message", (request: MillRequest) => {
  if (request.kind === "load") void load(request.files, request.active);
  else if (request.kind === "cover") void cover();
  else void run(request.id, request.tests);
});
process.on("disconnect", () => process.exit(0));
