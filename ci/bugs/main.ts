import { availableParallelism } from "node:os";
import { Command, InvalidArgumentError } from "commander";
import { SimRandom } from "../../harness/world/sim/sim-random.ts";
import { below } from "../../engine/ports/index.ts";
import { EXIT } from "../../harness/cli/exit-code.ts";
import { type BugResult, huntBugs } from "./hunt-bugs.ts";
import { type PlantedBug, plantedBugs } from "./planted-bug.ts";
import { bugTable, document } from "./report.ts";
import { withoutMechanism } from "./without-mechanism.ts";

interface Options {
  readonly json: boolean;
  readonly starts: number;
  readonly seconds: number;
  readonly sample?: number;
  readonly shrinkSeconds: number;
  readonly seed: number;
  readonly workers: number;
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError("expected a whole number of 1 or more");
  return value;
}

/** `count` of all, in their order; which ones, the seed decides. */
function sampleOf<T>(all: readonly T[], count: number, seed: number): T[] {
  const random = new SimRandom(`sample/${seed}`);
  const left = [...all.keys()];
  const chosen = new Set<number>();
  while (chosen.size < count && left.length > 0) chosen.add(left.splice(below(random, left.length), 1)[0] as number);
  return all.filter((_, index) => chosen.has(index));
}

function wholeOrNone(text: string): number {
  return text === "0" ? 0 : wholeNumber(text);
}

function selected(pattern: string | undefined): PlantedBug[] {
  const all = plantedBugs();
  if (pattern === undefined) return all;
  const numbers = new Set(pattern.split(",").map(Number));
  return all.filter(({ number, file }) => numbers.has(number) || file.includes(pattern));
}

async function main(pattern: string | undefined, options: Options): Promise<void> {
  const all = selected(pattern);
  const bugs = options.sample === undefined ? all : sampleOf(all, options.sample, options.seed);
  if (bugs.length === 0) throw new Error(`no planted bug is called ${pattern}`);
  const results = await huntBugs(bugs, { ...options, onResult: tellResult });
  if (options.json)
    process.stdout.write(`${JSON.stringify(document(results, options, withoutMechanism()), null, 2)}\n`);
  else process.stdout.write(`${bugTable(results)}\n`);
  process.exitCode = results.every(({ isFound }) => isFound) ? EXIT.pass : EXIT.failures;
}

/** While it goes on; what is printed at the end goes to the standard output. */
function tellResult(result: BugResult): void {
  const { bug, isFound, rules, medianSeeds, medianCpuSeconds, seedsTried, small, trouble } = result;
  const size = small === undefined ? "" : `; made small: ${small.steps} steps, ${small.faults} faults`;
  const how = `by ${rules.join(" ")}, median ${medianSeeds} seeds, ${medianCpuSeconds.toFixed(1)} s`;
  const what = isFound
    ? `found ${how}`
    : `NOT FOUND in all of ${seedsTried} seeds${rules.length > 0 ? `, else ${how}` : ""}`;
  process.stderr.write(`${bug.file}: ${what}${size}${trouble === "" ? "" : ` (${trouble})`}\n`);
}

const program = new Command("bugs")
  .description("plants real replication bugs in copies of the engine, one at a time, and hunts them with random plans")
  .argument("[pattern]", "numbers of bugs with commas between, or a part of a file name; all without")
  .option("--json", "print one JSON document", false)
  .option("--starts <count>", "hunts of each bug, with other seeds each", wholeNumber, 5)
  .option("--seconds <count>", "how long one hunt may take", wholeNumber, 120)
  .option("--sample <count>", "only so many of them, by the seed", wholeNumber)
  .option(
    "--shrink-seconds <count>",
    "how long the first plan that shows a bug is made small; 0: not at all",
    wholeOrNone,
    60,
  )
  .option("--seed <number>", "where the seeds of the first hunt begin", wholeNumber, 1)
  .option("--workers <count>", "bugs that are hunted at once", wholeNumber, availableParallelism())
  .action(main);

await program.parseAsync();
