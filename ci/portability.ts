import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Command, InvalidArgumentError } from "commander";
import { EXIT } from "../harness/cli/exit-code.ts";
import { PORTABILITY_SCENARIOS } from "./portability-scenarios.ts";
import { fetchNode, pinnedNode, type Runtime, run } from "./portability-runtimes.ts";
import { judgePortability, type PortabilityRun, portabilityTable, type RuntimeResult } from "./portability-verdict.ts";

/**
 * Shows that a history depends on the plan and the seed alone: the same scenarios on several versions of Node.js, each
 * in another time zone, locale and heap and with another number of workers, must have the same history hashes.
 */
const EXIT_OF = { equal: EXIT.pass, different: EXIT.failures, unknown: EXIT.incomplete } as const;
const RUN_MS_MAX = 300_000;
const PROBE_MS_MAX = 30_000;
/** Lets a runtime say what it sees itself: that a variable was set does not show that it took effect. */
const PROBE =
  "const { timeZone, locale } = Intl.DateTimeFormat().resolvedOptions();" +
  "const mib = Math.round(require('v8').getHeapStatistics().heap_size_limit / 2 ** 20);" +
  "`${process.versions.node} ${timeZone}, ${locale}, heap of ${mib} MiB`";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const pinned = pinnedNode();

const RUNTIMES: readonly Runtime[] = [
  {
    version: "22.23.3",
    optional: false,
    timeZone: "Etc/GMT-14",
    locale: "tr_TR.UTF-8",
    oldSpaceMib: 512,
    semiSpaceMib: 1,
    workerCount: 1,
  },
  {
    version: pinned.version,
    optional: false,
    timeZone: "UTC",
    locale: "C",
    oldSpaceMib: 1024,
    semiSpaceMib: 16,
    workerCount: 2,
  },
  {
    version: "26.10.0",
    optional: true,
    timeZone: "Etc/GMT+12",
    locale: "ar_EG.UTF-8",
    oldSpaceMib: 3072,
    semiSpaceMib: 64,
    workerCount: 3,
  },
];

function seedOf(text: string): number {
  const value = Number(text);
  if (text === "" || !Number.isInteger(value) || value < 0 || value > 0xffff_ffff)
    throw new InvalidArgumentError("expected a whole number from 0 to 4294967295");
  return value;
}

async function resultOf(
  runtime: Runtime,
  seed: number,
  temporary: string,
  signal: AbortSignal,
): Promise<RuntimeResult> {
  const { version, optional, timeZone, locale, oldSpaceMib, semiSpaceMib, workerCount } = runtime;
  try {
    const node = version === pinned.version ? pinned.path : await fetchNode(version, temporary, signal);
    const env = { ...process.env, TZ: timeZone, LC_ALL: locale, LANG: locale, NODE_OPTIONS: "" };
    const heap = [`--max-old-space-size=${oldSpaceMib}`, `--max-semi-space-size=${semiSpaceMib}`];
    const limits = { cwd: root, env, signal };
    const { stdout: seen } = await run(node, [...heap, "-p", PROBE], { ...limits, msMax: PROBE_MS_MAX });
    if (!seen.startsWith(`${version} `)) throw new Error(`${node} is not this version: ${seen.trim() || "no answer"}`);
    const startMs = performance.now();
    const { code, stdout, stderr } = await run(
      node,
      [
        ...heap,
        "--disable-warning=ExperimentalWarning",
        "main.ts",
        "run",
        ...PORTABILITY_SCENARIOS,
        "--json",
        "--no-repeat",
        `--seed=${seed}`,
        `--workers=${workerCount}`,
        `--out=${join(temporary, `out-${version}`)}`,
      ],
      { ...limits, msMax: RUN_MS_MAX },
    );
    const runs = runsIn(stdout);
    const seconds = ((performance.now() - startMs) / 1000).toFixed(1);
    if (runs === undefined) {
      const last = stderr.trimEnd().split("\n").at(-1) ?? "";
      return { version, optional: false, runs: [], missing: `no results, exit code ${code}: ${last}` };
    }
    console.error(`Node.js ${seen.trim()}, workers ${workerCount}: ${runs.length} runs, ${seconds} s`);
    return { version, optional, runs, missing: "" };
  } catch (error) {
    return { version, optional, runs: [], missing: error instanceof Error ? error.message : String(error) };
  }
}

/** @returns `undefined` if `text` is no document of results */
function runsIn(text: string): readonly PortabilityRun[] | undefined {
  try {
    const { runs } = JSON.parse(text) as { runs?: readonly PortabilityRun[] };
    return Array.isArray(runs) ? runs : undefined;
  } catch {
    return undefined;
  }
}

async function portability({ seed }: { readonly seed: number }): Promise<void> {
  const interrupt = new AbortController();
  const stop = (): void => interrupt.abort();
  for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, stop);
  const temporary = mkdtempSync(join(tmpdir(), "resilver-portability-"));
  try {
    const results = await Promise.all(RUNTIMES.map((runtime) => resultOf(runtime, seed, temporary, interrupt.signal)));
    if (interrupt.signal.aborted) {
      process.exitCode = EXIT.interrupted;
      return;
    }
    const { outcome, findings } = judgePortability(PORTABILITY_SCENARIOS, results);
    process.stdout.write(`seed ${seed}; the first 8 of 16 digits of each history hash\n\n`);
    process.stdout.write(portabilityTable(PORTABILITY_SCENARIOS, results));
    process.stdout.write(`\n${outcome.toUpperCase()}\n${findings.map((finding) => `  ${finding}\n`).join("")}`);
    process.exitCode = EXIT_OF[outcome];
  } finally {
    rmSync(temporary, { recursive: true, force: true, maxRetries: 5 });
  }
}

const program = new Command("portability")
  .description("runs some shipped scenarios on several versions of Node.js and compares their history hashes")
  .option("--seed <n>", "seed of every run", seedOf, 1)
  .configureOutput({ writeErr: (text) => process.stderr.write(text) })
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : EXIT.usage))
  .action(portability);
await program.parseAsync();
