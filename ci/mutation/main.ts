import { globSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { Command, InvalidArgumentError } from "commander";
import { EXIT } from "../../harness/cli/exit-code.ts";
import { interruptSignal } from "../../harness/cli/interrupt.ts";
import { Campaign } from "./campaign.ts";
import { allFiles, coreFiles, ROOT } from "./core-files.ts";
import { coverageOf } from "./coverage.ts";
import { Ledger } from "./ledger.ts";
import { makeMutants } from "./make-mutants.ts";
import type { Mutant } from "./mutant.ts";
import { summary, told, writeReport } from "./report.ts";
import { digest, drawn } from "./sample.ts";
import { makeSandbox } from "./sandbox.ts";
import { withTable } from "./survivor-table.ts";
import { reasonOf, reasons } from "./survivors.ts";

interface Options {
  readonly mutate: string;
  readonly tests?: string;
  readonly sample?: number;
  readonly seed: number;
  readonly seconds: number;
  readonly minutes?: number;
  readonly shard: Shard;
  readonly json: boolean;
  readonly out: string;
}

interface Shard {
  readonly index: number;
  readonly count: number;
}

/** Tests of the engine that a mutant is tried on, and what whole systems show. */
const NO_TESTS = /^engine\/node\/|\.(?:tools|container|mounts)\.test\.ts$|^engine\/controller\/memory\.test\.ts$/;
const SECOND_LINE = "ci/mutation/second-line.ts";

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError("expected a whole number of 1 or more");
  return value;
}

function shardOf(text: string): Shard {
  const [index, count, ...rest] = text.split("/").map(wholeNumber);
  if (index === undefined || count === undefined || rest.length > 0 || index > count)
    throw new InvalidArgumentError("expected i/n, with i from 1 to n");
  return { index, count };
}

function testFiles(pattern: string | undefined): string[] {
  const files = globSync(pattern ?? "engine/**/*.test.ts", { cwd: ROOT }).filter((file) => !NO_TESTS.test(file));
  return pattern === undefined ? [...files.sort(), SECOND_LINE] : files.sort();
}

/** Those that could be tried of the files, and those of them that are. */
interface Choice {
  readonly population: readonly Mutant[];
  readonly chosen: readonly Mutant[];
}

function choose(mutants: readonly Mutant[], { mutate, sample, seed, shard }: Options): Choice {
  const files = new Set(globSync(mutate, { cwd: ROOT }));
  const population = mutants.filter(({ file, ignored }) => ignored === "" && files.has(file));
  const order = drawn(population, seed).slice(0, sample);
  return { population, chosen: order.filter((_, place) => place % shard.count === shard.index - 1) };
}

async function main(options: Options): Promise<void> {
  const signal = interruptSignal();
  const out = path.resolve(ROOT, options.out);
  mkdirSync(out, { recursive: true });
  const say = (text: string): void => {
    process.stderr.write(`${text}\n`);
  };
  const sources = coreFiles();
  const { mutants, instrumented } = await makeMutants(sources);
  const { population, chosen } = choose(mutants, options);
  if (chosen.length === 0) throw new Error(`nothing of the replication core is called ${options.mutate}`);
  const sandbox = path.join(out, "sandbox");
  makeSandbox(sandbox, instrumented);
  const files = testFiles(options.tests);
  const tree = digest(JSON.stringify([...allFiles()]));
  const fileDigests = new Map([...sources].map(([file, text]) => [file, digest(text)]));
  say(`${mutants.length} mutants, ${chosen.length} of them chosen; the tests are run once as they are`);
  const kept = { path: path.join(out, "coverage.json"), digest: digest(`${tree} ${files.join(" ")}`) };
  const coverage = await coverageOf(sandbox, files, kept, signal);
  for (const { file, name, failure } of coverage.tests)
    if (failure !== "") say(`left out, as it fails on the source as it is: ${file} ${name}: ${failure}`);
  const ledger = new Ledger(path.join(out, "ledger.jsonl"), { tree: kept.digest, files: fileDigests });
  const known = reasons();
  const findings = { mutants, population, chosen, sources, ledger, reasons: known };
  const startMs = performance.now();
  const endMs = options.minutes === undefined ? Infinity : startMs + options.minutes * 60_000;
  let count = 0;
  const onMutant = (): void => {
    if (++count % 25 !== 0) return;
    const perMinute = (count * 60_000) / (performance.now() - startMs);
    const { tried, share } = summary(findings);
    say(`${tried} of ${chosen.length} tried, ${(share * 100).toFixed(1)} % killed, ${perMinute.toFixed(0)} a minute`);
  };
  const isOver = (): boolean => signal.aborted || performance.now() > endMs;
  const isReasoned = (mutant: Mutant): boolean => reasonOf(mutant, known) !== undefined;
  const firstMs = options.seconds * 1000;
  const parts = { sandbox, testFiles: files, coverage, ledger, firstMs, isReasoned, isOver, onMutant };
  await new Campaign(parts).run(chosen);
  writeReport(out, findings);
  const result = summary(findings);
  process.stdout.write(options.json ? `${JSON.stringify(result, null, 2)}\n` : `${told(result)}\n`);
  process.exitCode = signal.aborted ? EXIT.interrupted : EXIT.pass;
}

/** Writes the reasons of `survivors.json` into the documentation. */
function writeTable(): void {
  const document = path.join(ROOT, "docs/mutation.md");
  writeFileSync(document, withTable(readFileSync(document, "utf8"), reasons()));
}

const program = new Command("mutants")
  .description("tries the mutants that Stryker makes of the replication core on its tests")
  .option("--mutate <glob>", "of which files", "engine/**/*.ts")
  .option("--tests <glob>", "on which tests of the engine, and no scenarios (default: all, and the scenarios)")
  .option("--sample <n>", "only so many, drawn by the seed", wholeNumber)
  .option("--seed <n>", "of the sample and the order", wholeNumber, 1)
  .option("--shard <i/n>", "only the i-th of n equal parts", shardOf, { index: 1, count: 1 })
  .option("--seconds <n>", "of tests for each mutant before any is tried on all of them", wholeNumber, 2)
  .option("--minutes <n>", "stop after so long; the next run goes on", wholeNumber)
  .option("--out <folder>", "where the ledger and the report are", "out/mutants")
  .option("--json", "print the summary as JSON", false)
  .action(main);
program.command("table").description("writes the reasons of survivors into docs/mutation.md").action(writeTable);
await program.parseAsync();
