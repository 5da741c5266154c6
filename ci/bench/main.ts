import { availableParallelism, cpus, tmpdir } from "node:os";
import Table from "cli-table3";
import { Command, InvalidArgumentError, Option } from "commander";
import { EXIT } from "../../harness/cli/exit-code.ts";
import { bundle, ENGINE_ENTRY } from "../bundle.ts";
import { scenarioOverhead, worldStart } from "./containers.ts";
import { ENGINE_PARTS, engineParts } from "./engine/parts.ts";
import { Stage } from "./engine/stage.ts";
import { eventLoop } from "./event-loop.ts";
import type { Section } from "./measure.ts";
import { mirrorRuns } from "./mirror-run.ts";
import { PageStage } from "./page-stage.ts";
import { pingPong } from "./ping-pong.ts";
import { queueAgainstPool } from "./queue.ts";
import { workers } from "./workers.ts";

/** Parts of a benchmark, in the order they are run. */
type Parts = ReadonlyMap<string, (runs: number) => Promise<Section>>;

const SIM: Parts = new Map([
  ["event-loop", eventLoop],
  ["ping-pong", pingPong],
  ["mirror", mirrorRuns],
  ["workers", workers],
]);

const CONTAINERS: Parts = new Map([
  ["start", worldStart],
  ["overhead", scenarioOverhead],
]);

interface Options {
  readonly json: boolean;
  readonly runs: number;
  readonly only?: string;
}

interface EngineOptions extends Options {
  readonly folder: string;
  readonly seconds: number;
  readonly size: number;
}

interface QueueOptions extends Options {
  readonly seeds: number;
  readonly workers: number;
}

interface PageOptions extends Options {
  readonly size: number;
  readonly sample: number;
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError(`expected a whole number of 1 or more`);
  return value;
}

async function bench(name: string, parts: Parts, { json, runs, only }: Options): Promise<void> {
  const sections: Section[] = [];
  for (const [part, measure] of parts) {
    if (only !== undefined && only !== part) continue;
    const section = await measure(runs);
    sections.push(section);
    if (!json) process.stdout.write(`${render(section)}\n`);
  }
  if (!json) return;
  const machine = { node: process.version, cpu: cpus()[0]?.model ?? "unknown", cores: availableParallelism() };
  process.stdout.write(`${JSON.stringify({ schemaVersion: 1, bench: name, runs, machine, sections }, null, 2)}\n`);
}

async function engine(options: EngineOptions): Promise<void> {
  await using stage = new Stage(options.folder);
  const program = stage.path("engine.mjs");
  await bundle(ENGINE_ENTRY, program);
  const { folder, seconds, size } = options;
  await bench("engine", engineParts({ folder, seconds, sizeBytes: size * 2 ** 20, engine: program }), options);
}

async function page({ size, sample, ...options }: PageOptions): Promise<void> {
  await using stage = await PageStage.open();
  const parts: Parts = new Map([
    ["campaigns", (runs: number) => stage.campaigns(runs, size)],
    ["replay", () => stage.replay(sample)],
  ]);
  await bench("page", parts, options);
}

function render({ name, how, samples, bars, notes }: Section): string {
  const measured = new Table({ head: [name, "median", "least", "most", ""], style: { head: [], border: [] } });
  for (const { name: what, unit, values, median } of samples)
    measured.push([what, round(median), round(Math.min(...values)), round(Math.max(...values)), unit]);
  const lines = [how, measured.toString()];
  for (const { text, ratio, unit, atLeast, atMost, met } of bars) {
    const bound = atLeast === undefined ? `at most ${atMost}` : `at least ${atLeast}`;
    lines.push(`  ${met ? "met   " : "MISSED"}  ${text}: ${figure(ratio, unit)}, expected ${bound} ${unit}`);
  }
  for (const note of notes) lines.push(`  note    ${note}`);
  return `${lines.join("\n")}\n`;
}

/** Ratios have two digits behind the point; what is counted, those that count. */
function figure(value: number, unit: string): string {
  return `${unit === "×" ? value.toFixed(2) : round(value)} ${unit}`;
}

/** Three digits that count, thousands apart. */
function round(value: number): string {
  const digits = Number(value.toPrecision(3));
  return digits.toLocaleString("en", { maximumFractionDigits: 3 });
}

const program = new Command("bench").exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : EXIT.usage));
program
  .command("sim")
  .description("the simulated world: events a second, ping-pong against madsim and turmoil, mirror runs, workers")
  .option("--json", "one JSON document on stdout instead of tables", false)
  .addOption(new Option("--only <part>", "one part").choices([...SIM.keys()]))
  .option("--runs <count>", "measured rounds; the figures are medians", wholeNumber, 5)
  .action((options: Options) => bench("sim", SIM, options));
program
  .command("containers")
  .description("the world of containers: its start, and what it costs beyond virtual time; images must be built")
  .option("--json", "one JSON document on stdout instead of tables", false)
  .addOption(new Option("--only <part>", "one part").choices([...CONTAINERS.keys()]))
  .option("--runs <count>", "measured rounds; the figures are medians", wholeNumber, 5)
  .action((options: Options) => bench("containers", CONTAINERS, options));
program
  .command("engine")
  .description("two daemons on files: mirrored writes against QEMU, first copy against nbdcopy, resync, memory")
  .option("--json", "one JSON document on stdout instead of tables", false)
  .addOption(new Option("--only <part>", "one part").choices(ENGINE_PARTS))
  .option("--runs <count>", "measured rounds; the figures are medians", wholeNumber, 5)
  .option("--seconds <count>", "of one turn of a load", wholeNumber, 5)
  .option("--size <count>", "MiB of a volume", wholeNumber, 1024)
  .option("--folder <path>", "where the files go: its file system is part of what is measured", tmpdir())
  .action(engine);
program
  .command("queue")
  .description("a hunt by workers that take it from a queue on PostgreSQL, against the local pool")
  .option("--json", "one JSON document on stdout instead of tables", false)
  .option("--runs <count>", "measured rounds; the figures are medians", wholeNumber, 3)
  .option("--seeds <count>", "of the hunt", wholeNumber, 1500)
  .option(
    "--workers <count>",
    "threads of the pool, and worker processes of the queue",
    wholeNumber,
    availableParallelism(),
  )
  .action((options: QueueOptions) =>
    bench("queue", new Map([["queue", (runs) => queueAgainstPool(runs, options)]]), options),
  );
program
  .command("page")
  .description(
    "the page of a campaign: written, opened, filtered in Chromium; runs of it run again there, and in Node.js",
  )
  .option("--json", "one JSON document on stdout instead of tables", false)
  .addOption(new Option("--only <part>", "one part").choices(["campaigns", "replay"]))
  .option("--runs <count>", "measured rounds; the figures are medians", wholeNumber, 3)
  .option("--size <count>", "runs of a campaign", wholeNumber, 100_000)
  .option("--sample <count>", "runs that are run again", wholeNumber, 100)
  .action(page);
await program.parseAsync();
