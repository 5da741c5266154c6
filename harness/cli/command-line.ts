import { Argument, Command, CommanderError, Option } from "commander";
import type { ChaosOptions } from "./chaos-command.ts";
import { parseKinds } from "./chaos-kinds.ts";
import type { CommandLineParts, ProgramParts, ReportWriters } from "./command-line-parts.ts";
import { CHAOS_KINDS, type ChaosKind } from "../hunt/chaos-fault.ts";
import { type ExhaustFlags, exhaustFlagsOn, searchOf } from "./exhaust-flags.ts";
import { EXIT } from "./exit-code.ts";
import { addHuntCommands } from "./hunt-commands.ts";
import type { KeysOptions } from "./keys-command.ts";
import { parseInteger } from "./parse-number.ts";
import { addQualifyCommands } from "./qualify-commands.ts";
import { schemaCommand, schemaNames } from "./schema-command.ts";
import {
  MINUTES_BOUNDS,
  optionsOf,
  type RunFlags,
  seedOption,
  timeoutOption,
  workersOption,
} from "./shared-options.ts";
import { WORLD_KINDS, type WorldKind } from "../history/run-record.ts";
import { isCallerError, oneLine } from "./usage-error.ts";

const HELP_END = `
Exit codes: 0 passed, 1 failed, 2 undecided or nothing run, 130 interrupted,
254 bad usage or input, 255 resilver itself failed. Details: docs/cli.md`;

const ROUNDS_BOUNDS = { min: 1, max: 1_000_000 };
const RUNS_BOUNDS = { min: 2, max: 10_000 };
const PORT_BOUNDS = { min: 0, max: 65_535 };
const DAYS_BOUNDS = { min: 1, max: 3650 };

/** Everything that a command may need; reports are loaded when one does. */
export interface CommandLineSetting extends ProgramParts {
  readonly loadReports: () => Promise<ReportWriters>;
}

/**
 * Runs one command. Each is a module that is loaded when it is given: all of them take longer than most commands.
 *
 * @param args without the program and the script
 * @returns the exit code of rule 10; nothing that a caller does makes it throw
 */
export async function commandLine(parts: CommandLineSetting, args: readonly string[]): Promise<number> {
  let exitCode: number = EXIT.usage;
  const program = buildProgram(parts, (code) => {
    exitCode = code;
  });
  try {
    const handed = parts.programs.find(({ name }) => name === args[0]);
    if (handed !== undefined) {
      const { out, err } = parts.terminal;
      return await handed.run(args.slice(1), { out, err, interrupt: parts.interrupt, version: parts.version });
    }
    await program.parseAsync(args, { from: "user" });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return EXIT.pass;
      parts.terminal.err(`resilver: ${oneLine(error.message.replace(/^error: /, ""))} (see resilver --help)\n`);
      return EXIT.usage;
    }
    if (isCallerError(error)) {
      parts.terminal.err(`resilver: ${oneLine(error.message)}\n`);
      return EXIT.usage;
    }
    const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
    parts.terminal.err(`resilver: internal error, please report it\n${stack}\n`);
    return EXIT.internal;
  }
}

interface WhereFlags {
  readonly world: WorldKind;
  readonly target?: string;
}

interface WhyFlags extends Pick<RunFlags, "json" | "workers" | "timeout"> {
  readonly runs: number;
}

interface ChaosFlags {
  readonly seed: number;
  readonly minutes: number;
  readonly rounds?: number;
  readonly faults?: readonly ChaosKind[];
  readonly out?: string;
  readonly json?: true;
}

function buildProgram(parts: CommandLineSetting, exit: (code: number) => void): Command {
  const { terminal } = parts;
  const whole = async (): Promise<CommandLineParts> => ({ ...parts, reports: await parts.loadReports() });
  const program = new Command("resilver")
    .description("Deterministic test harness and fault injector for replicated storage volumes")
    .version(parts.version)
    .addHelpText("after", HELP_END)
    .helpCommand(false)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.out(text),
      // Errors come back as exceptions, and are written in one place.
      writeErr: () => {},
    })
    .action((_flags, command: Command) => {
      const found = command.args[0];
      const names = command.commands.map((child) => child.name()).join(", ");
      const problem = found === undefined ? "no command given" : `unknown command ${JSON.stringify(found)}`;
      command.error(`${problem}, expected one of ${names}`);
    })
    .allowExcessArguments();

  program
    .command("list")
    .description("show the scenarios")
    .option("--requirements", "show which scenarios exercise which requirement; fails if the engine misses one")
    .option("--targets", "show the engines that scenarios can be run on, and what each can do")
    .option("--json", "one JSON document on stdout")
    .action(async (flags: { json?: true; requirements?: true; targets?: true }) => {
      const isJson = flags.json === true;
      if (flags.requirements === true) {
        const { requirementsCommand } = await import("./requirements-command.ts");
        exit(await requirementsCommand(parts, isJson));
      } else if (flags.targets === true) {
        const { listTargetsCommand } = await import("./list-targets-command.ts");
        exit(await listTargetsCommand(parts, isJson));
      } else {
        const { listCommand } = await import("./list-command.ts");
        exit(await listCommand(parts, isJson));
      }
    });

  withRunOptions(program.command("run").description("run scenarios, or a plan from a JSON file"), "out")
    .argument("[pattern...]", "id, part of an id, glob, requirement, or path/to/plan.json; without one, all")
    .addOption(
      new Option("--world <world>", "simulated, on virtual time; or real containers, through a real Toxiproxy")
        .choices(WORLD_KINDS)
        .default("sim"),
    )
    .option("--target <target>", "another engine, in containers: a name of list --targets, or path/to/target.json")
    .action(async (patterns: string[], { world, target, ...flags }: RunFlags & WhereFlags) => {
      const where = target === undefined ? { world } : { world: "containers" as const, target };
      const { runCommand } = await import("./run-command.ts");
      exit(await runCommand(await whole(), patterns, { ...optionsOf(flags), ...where }));
    });

  program
    .command("init")
    .description("begin the adapter of another engine: a small one that works, its manifest, and how to go on")
    .addArgument(new Argument("<what>").choices(["target"]))
    .argument("[dir]", "an empty folder, or none yet", "target")
    .action(async (_what: string, folder: string) => {
      const { initCommand } = await import("./init-command.ts");
      exit(initCommand(parts, folder));
    });

  program
    .command("conformance")
    .description("try whether another engine does what every target does, before scenarios are run on it")
    .requiredOption("--target <target>", "a name of list --targets, or path/to/target.json")
    .option("--json", "one JSON document on stdout, nothing else")
    .action(async (flags: { target: string; json?: true }) => {
      const { conformanceCommand } = await import("./conformance-command.ts");
      exit(await conformanceCommand(parts, flags.target, flags.json === true));
    });

  program
    .command("parity")
    .description("run scenarios in both worlds, and compare what faults did and how the runs were judged")
    .argument("[pattern...]", "id, part of an id, glob or requirement; without one, all")
    .addOption(seedOption())
    .option("--out <dir>", "where the records of both worlds go", "out/parity")
    .option("--json", "one JSON document on stdout, nothing else")
    .addOption(timeoutOption())
    .action(async (patterns: string[], flags: Omit<RunFlags, "repeat">) => {
      const { parityCommand } = await import("./parity-command.ts");
      exit(await parityCommand(await whole(), patterns, optionsOf({ ...flags, repeat: false })));
    });

  program
    .command("chaos")
    .description("random faults on real containers, round after round, until the time is over or something breaks")
    .addOption(
      new Option("--minutes <n>", "no round begins after that; one that has begun is finished")
        .default(10)
        .argParser((text) => parseInteger("--minutes", text, MINUTES_BOUNDS)),
    )
    .addOption(
      new Option("--rounds <n>", "at most so many rounds").argParser((text) =>
        parseInteger("--rounds", text, ROUNDS_BOUNDS),
      ),
    )
    .addOption(seedOption())
    .addOption(
      new Option("--faults <kinds>", `only these, separated by commas (default: ${CHAOS_KINDS.join(",")})`).argParser(
        parseKinds,
      ),
    )
    .option("--out <dir>", "where records go, and all about a violation (default: out/chaos- and the time)")
    .option("--json", "one JSON document on stdout, nothing else")
    .action(async (flags: ChaosFlags) => {
      const { chaosCommand } = await import("./chaos-command.ts");
      exit(await chaosCommand(await whole(), chaosOptionsOf(flags)));
    });

  withRunOptions(program.command("start").description("run all scenarios and write out/"), "out").action(
    async (flags: RunFlags) => {
      const { runCommand } = await import("./run-command.ts");
      exit(await runCommand(await whole(), [], optionsOf(flags)));
    },
  );

  withRunOptions(program.command("replay").description("run again what a token names"), "out/replay", false)
    .argument("<token>")
    .action(async (token: string, flags: RunFlags) => {
      const { replayCommand } = await import("./replay-command.ts");
      exit(await replayCommand(await whole(), token, optionsOf(flags)));
    });

  program
    .command("why")
    .description("show when the failure that a token names became inevitable, and what happened then")
    .argument("<token>")
    .addOption(
      new Option("--runs <n>", "runs for each moment")
        .default(20)
        .argParser((text) => parseInteger("--runs", text, RUNS_BOUNDS)),
    )
    .option("--json", "one JSON document on stdout, nothing else")
    .addOption(workersOption())
    .addOption(timeoutOption())
    .action(async (token: string, flags: WhyFlags) => {
      const { json, workers, timeout, runs } = flags;
      const { whyCommand } = await import("./why-command.ts");
      exit(await whyCommand(await whole(), token, { json: json === true, workers, timeoutMs: timeout * 1000, runs }));
    });

  exhaustFlagsOn(program.command("exhaust"))
    .addOption(seedOption())
    .option("--out <dir>", "where index.json, and records and plans of failures go", "out/exhaust")
    .option("--json", "one JSON document on stdout, nothing else")
    .addOption(workersOption())
    .addOption(timeoutOption())
    .action(async (pattern: string, flags: Omit<RunFlags, "repeat"> & ExhaustFlags) => {
      const options = { ...optionsOf({ ...flags, repeat: false }), ...searchOf(flags), shrinks: flags.shrink };
      const { exhaustCommand } = await import("./exhaust-command.ts");
      exit(await exhaustCommand(await whole(), pattern, options));
    });

  addHuntCommands(program, whole, exit);

  program
    .command("report")
    .description("write the page of results, index.html, anew")
    .argument("[dir]", "the --out of a run", "out")
    .action(async (folder: string) => {
      const { reportCommand } = await import("./report-command.ts");
      exit(reportCommand(await whole(), folder));
    });

  addQualifyCommands(program, whole, exit);

  program
    .command("serve")
    .description("show the page of results to this machine, as the campaign goes on, until it is interrupted")
    .argument("[dir]", "the --out of a run", "out")
    .addOption(
      new Option("--port <n>", "0: any that is free")
        .default(0)
        .argParser((text) => parseInteger("--port", text, PORT_BOUNDS)),
    )
    .action(async (folder: string, { port }: { port: number }) => {
      const { serveCommand } = await import("./serve-command.ts");
      exit(await serveCommand(await whole(), folder, port));
    });

  program
    .command("trends")
    .description("add campaigns to a file of trends, and write its page")
    .argument("<file>", "a line a campaign: trends.jsonl; the page has its name with .html")
    .argument("[dir...]", "the --out of each campaign that is added")
    .option("--date <time>", "ISO 8601, UTC, in place of when the campaign began")
    .option("--commit <id>", "of what was tested")
    .action(async (file: string, folders: string[], given: { date?: string; commit?: string }) => {
      const { trendsFileCommand } = await import("./trends-file-command.ts");
      exit(trendsFileCommand(await whole(), file, { folders, ...given }));
    });

  program
    .command("schema")
    .description("print the JSON Schema of a file format")
    .argument("<format>", schemaNames(parts).join(", "))
    .action(async (format: string) => exit(await schemaCommand(await whole(), format)));

  program
    .command("keys")
    .description("make an authority, and a certificate for each system, for links and hosts over TLS")
    .argument("<system...>", "names of systems, as in their configurations")
    .option("--out <dir>", "where the files go; an authority that is there is used", "keys")
    .addOption(
      new Option("--days <n>", "how long the certificates are good")
        .default(730)
        .argParser((text) => parseInteger("--days", text, DAYS_BOUNDS)),
    )
    .action(async (names: string[], flags: KeysOptions) => {
      const { keysCommand } = await import("./keys-command.ts");
      exit(await keysCommand(parts, names, flags));
    });

  program
    .command("doctor")
    .description("say what this machine lacks")
    .option("--out <dir>", "the folder that results go to", "out")
    .option("--json", "one JSON document on stdout")
    .action(async (flags: { out: string; json?: true }) => {
      const { doctorCommand } = await import("./doctor-command.ts");
      exit(await doctorCommand(parts, flags.out, flags.json === true));
    });
  // For the help only: their words are their own affair.
  for (const { name, description } of parts.programs) program.command(name).description(description);
  // They take this over from the program, which needs it to tell an unknown command.
  for (const command of program.commands) command.allowExcessArguments(false);
  return program;
}

function withRunOptions(command: Command, out: string, seeded = true): Command {
  // The token carries the seed.
  if (seeded) command.addOption(seedOption());
  return command
    .option("--out <dir>", "where records and reports go", out)
    .option("--json", "one JSON document on stdout, nothing else")
    .option("--no-repeat", "run once: twice as fast, and no proof of determinism")
    .addOption(workersOption())
    .addOption(timeoutOption());
}

function chaosOptionsOf(flags: ChaosFlags): ChaosOptions {
  const time = new Date().toISOString().slice(0, 19).replaceAll(/[-:]/g, "");
  return {
    seed: flags.seed,
    minutes: flags.minutes,
    roundsMax: flags.rounds ?? ROUNDS_BOUNDS.max,
    kinds: flags.faults ?? CHAOS_KINDS,
    // A folder for each campaign: what a violation left must not be overwritten by the next.
    out: flags.out ?? `out/chaos-${time}`,
    json: flags.json === true,
  };
}
