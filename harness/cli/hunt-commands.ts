import { type Command, Option } from "commander";
import type { CommandLineParts } from "./command-line-parts.ts";
import type { HuntOptions, QueueOptions } from "./hunt-command.ts";
import { parseInteger, SEED_BOUNDS } from "./parse-number.ts";
import { parseSeeds, parseShard, seedsFrom } from "./seed-ranges.ts";
import { MINUTES_BOUNDS, optionsOf, type RunFlags, timeoutOption, workersOption } from "./shared-options.ts";
import { UsageError } from "./usage-error.ts";

const SECONDS_BOUNDS = { min: 1, max: 86_400 };

interface QueueFlags {
  readonly queue: string;
  readonly wait: number;
}

interface HuntFlags extends Pick<RunFlags, "out" | "json" | "workers" | "timeout">, Partial<QueueFlags> {
  readonly seeds?: HuntOptions["seeds"];
  readonly minutes?: number;
  readonly from: number;
  readonly shard: HuntOptions["shard"];
  readonly corpus: boolean;
  readonly shrink: boolean;
}

/** `hunt` with what belongs to it, and `worker`, which does the runs of hunts of other machines. */
export function addHuntCommands(
  program: Command,
  load: () => Promise<CommandLineParts>,
  exit: (code: number) => void,
): void {
  const hunt = program
    .command("hunt")
    .description("run random plans, one a seed, and keep what fails")
    .addOption(new Option("--seeds <a..b>", "these seeds").argParser(parseSeeds).conflicts(["minutes", "from"]))
    .addOption(
      new Option("--minutes <n>", "as many seeds as there is time for").argParser((text) =>
        parseInteger("--minutes", text, MINUTES_BOUNDS),
      ),
    )
    .addOption(
      new Option("--from <seed>", "with --minutes: the first seed")
        .default(0)
        .argParser((text) => parseInteger("--from", text, SEED_BOUNDS)),
    )
    .addOption(
      new Option("--shard <i/n>", "the i-th of n parts of the seeds")
        .default({ index: 1, of: 1 }, "1/1")
        .argParser(parseShard),
    )
    .option("--no-corpus", "do not run the failures of the past first")
    .option("--no-shrink", "leave failures as large as they were found")
    .addOption(queueOption("have workers of other machines do the runs").conflicts(["minutes", "shard"]))
    .addOption(waitOption())
    .option("--out <dir>", "where index.json, history.jsonl, and records and plans of failures go", "out/hunt")
    .option("--json", "one JSON document on stdout, nothing else")
    .addOption(workersOption())
    .addOption(timeoutOption())
    .action(async (flags: HuntFlags) => {
      const options = huntOptionsOf(flags);
      const { huntCommand } = await import("./hunt-command.ts");
      exit(await huntCommand(await load(), options));
    });
  hunt
    .command("merge")
    .description("join the records of all shards of a campaign, after a proof that they are disjoint and complete")
    .argument("<dir...>", "the --out of each shard")
    .option("--json", "one JSON document on stdout, nothing else")
    .action(async (folders: string[], _flags, command: Command) => {
      // The parent has an option of the same name, and takes it for its own.
      const { json } = command.optsWithGlobals<{ json?: true }>();
      const { huntMergeCommand } = await import("./hunt-merge.ts");
      exit(huntMergeCommand(await load(), folders, json === true));
    });

  hunt
    .command("trends")
    .description("list the newest campaigns of a queue")
    .addOption(queueOption("the database"))
    .addOption(waitOption())
    .option("--json", "one JSON document on stdout, nothing else")
    .action(async (_flags, command: Command) => {
      const { queue, wait, json } = command.optsWithGlobals<Partial<QueueFlags> & { json?: true; wait: number }>();
      if (queue === undefined)
        throw new UsageError({ place: "hunt trends", found: "no --queue", expected: "--queue postgres://…" });
      const { trendsCommand } = await import("./trends-command.ts");
      exit(await trendsCommand(await load(), { ...queueOf(queue, wait), json: json === true }));
    });

  program
    .command("worker")
    .description("do runs of hunts of other machines, until it is ended")
    .addOption(queueOption("where they are taken from, and their results go").makeOptionMandatory())
    .addOption(waitOption())
    .addOption(
      new Option("--idle <seconds>", "end when there was nothing to do for so long (default: never)").argParser(
        (text) => parseInteger("--idle", text, SECONDS_BOUNDS),
      ),
    )
    .addOption(workersOption("one a processor"))
    .action(async ({ queue, wait, idle, workers }: QueueFlags & { idle?: number; workers?: number }) => {
      const { workerCommand } = await import("./worker-command.ts");
      const idleMsMax = idle === undefined ? undefined : idle * 1000;
      exit(await workerCommand(await load(), { ...queueOf(queue, wait), workers, idleMsMax }));
    });
}

function queueOption(what: string): Option {
  return new Option("--queue <url>", `${what}: postgres://user@host:5432/database`);
}

function waitOption(): Option {
  return new Option("--wait <seconds>", "how long a database that does not answer is waited for")
    .default(30)
    .argParser((text) => parseInteger("--wait", text, SECONDS_BOUNDS));
}

function queueOf(url: string, waitSeconds: number): QueueOptions {
  return { url, patienceMs: waitSeconds * 1000 };
}

function huntOptionsOf(flags: HuntFlags): HuntOptions {
  const { seeds, minutes, from, shard, corpus, shrink: shrinks } = flags;
  if (seeds === undefined && minutes === undefined)
    throw new UsageError({ place: "hunt", found: "neither --seeds nor --minutes", expected: "one of them" });
  const { out, json, workers, timeoutMs } = optionsOf({ ...flags, seed: 0, repeat: false });
  return {
    seeds: seeds ?? seedsFrom(from),
    ...(minutes === undefined ? {} : { minutes }),
    ...(flags.queue === undefined ? {} : { queue: queueOf(flags.queue, flags.wait ?? 0) }),
    ...{ shard, corpus, shrinks, out, json, workers, timeoutMs },
  };
}
