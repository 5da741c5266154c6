import { Command, Option } from "commander";
import { TRACKERS } from "../../mirror/intent-store.ts";
import { MODES, STATUSES } from "../../mirror/pair-entry.ts";
import { type ControlClient, ControlError, RefusedError } from "../control/client.ts";
import type { OperatorCommand } from "../control/command-schema.ts";
import { SetupError } from "../setup-error.ts";
import { type AccessFlags, controlClient } from "./ctl-access.ts";
import { seconds, timeUs, whole } from "./numbers.ts";
import { EXIT, type ProgramIo } from "./program-io.ts";
import { groupPoint, recoveryPoint, type RecoverFlags } from "./recovery-point.ts";
import { runCommander } from "./run-commander.ts";
import { statusTables, trackTable } from "./status-tables.ts";
import { waitFor } from "./wait-for.ts";

interface Flags extends AccessFlags {
  readonly json?: true;
}

/** What a subcommand does; gives the text for people and the value for `--json`. */
type Act = (
  client: ControlClient,
) => Promise<{ readonly text: string; readonly value: unknown; readonly code?: number }>;

/** `resilver ctl …`: asks an engine, and gives it commands. @returns the exit code */
export async function ctlProgram(args: readonly string[], io: ProgramIo): Promise<number> {
  let exitCode: number = EXIT.usage;
  const program = new Command("resilver ctl")
    .description("ask a running engine, and give it commands, at either end of a pair")
    .option("--config <file>", "configuration of an engine on this machine, which says where it is")
    .option("--url <url>", "http://HOST:PORT of its control API; also RESILVER_URL")
    .option("--token-file <file>", "the file with its token; also RESILVER_TOKEN_FILE, or the token in RESILVER_TOKEN")
    .addOption(
      new Option("--timeout <seconds>", "how long a command may take").default(90).argParser((text) => seconds(text)),
    )
    .option("--json", "one JSON document on stdout, nothing else");
  const run = async (act: Act): Promise<void> => {
    exitCode = await perform(program.opts<Flags>(), act, io);
  };
  const give = (command: OperatorCommand): Promise<void> =>
    run(async (client) => {
      await client.execute(command);
      return { text: "done", value: {} };
    });
  questions(program, run, io);
  pairCommands(program, give);
  contentCommands(program, run, give);
  return runCommander(program, args, io, () => exitCode);
}

function questions(program: Command, run: (act: Act) => Promise<void>, io: ProgramIo): void {
  program
    .command("status")
    .description("volumes, links, copy management, images, journals, restores")
    .action(() =>
      run(async (client) => {
        const status = await client.status();
        return { text: statusTables(status), value: status };
      }),
    );
  program
    .command("pending <pair>")
    .description("the tracks that the other side of a mirror may lack")
    .action((pair: string) =>
      run(async (client) => {
        const value = await client.pending(pair);
        return { text: trackTable(`pending of ${pair}`, value), value };
      }),
    );
  program
    .command("tracks <volume>")
    .description("the track status tables of the restore that runs: left to bring, altered by hosts since")
    .action((volume: string) =>
      run(async (client) => {
        const [left, altered] = await Promise.all([
          client.restoreTracks(volume, "left"),
          client.restoreTracks(volume, "altered"),
        ]);
        const text = `${trackTable(`left on ${volume}`, left)}\n\n${trackTable(`altered on ${volume}`, altered)}`;
        return { text, value: { left, altered } };
      }),
    );
  program
    .command("wait <pair> <status>")
    .description("wait until the pair has the status here; exits with 2 if it takes longer than --timeout")
    .action((pair: string, status: string, _flags: unknown, command: Command) => {
      if (!STATUSES.some((known) => known === status)) command.error(`expected one of ${STATUSES.join(", ")}`);
      const { timeout } = program.opts<Flags>();
      return run((client) => waitFor(client, { pair, status, timeoutMs: timeout * 1000, signal: io.interrupt }));
    });
  program
    .command("events")
    .description("the steps of the engine as it takes them, one line each, until interrupted")
    .option("--after <n>", "the steps after this one first, as far as they are kept", (text) => whole(text))
    .action((flags: { after?: number }) =>
      run(async (client) => {
        for await (const item of client.events({ signal: io.interrupt, ...flags }))
          if (item.kind !== "status") io.out(`${JSON.stringify(item.kind === "step" ? item.step : item)}\n`);
        return { text: "", value: undefined };
      }),
    );
  program
    .command("metrics")
    .description("the metrics, as Prometheus reads them")
    .action(() =>
      run(async (client) => {
        const text = await client.metrics();
        return { text: text.trimEnd(), value: { metrics: text } };
      }),
    );
}

function pairCommands(program: Command, give: (command: OperatorCommand) => Promise<void>): void {
  interface CreateFlags {
    readonly volume: string;
    readonly link: string;
    readonly peerVolume: string;
    readonly mode: (typeof MODES)[number];
    readonly tracker: (typeof TRACKERS)[number];
  }
  program
    .command("create <pair>")
    .description("mirror a volume of this system to another one, and begin to copy; given at the primary")
    .requiredOption("--volume <name>", "the volume here")
    .requiredOption("--link <name>", "the link to the other system")
    .requiredOption("--peer-volume <name>", "the volume there: what it holds is overwritten")
    .addOption(new Option("--mode <mode>", "when a write is acknowledged").choices(MODES).makeOptionMandatory())
    .addOption(new Option("--tracker <kind>", "what remembers updates durably").choices(TRACKERS).default("bitmap"))
    .action((pair: string, flags: CreateFlags) => give({ kind: "create", pair, ...flags }));
  program
    .command("create-local <pair>")
    .description("mirror a volume to another one of the same system, and begin to copy")
    .requiredOption("--volume <name>")
    .requiredOption("--mirror <name>", "the mirror: what it holds is overwritten")
    .action((pair: string, { volume, mirror }: { volume: string; mirror: string }) =>
      give({ kind: "create-local", pair, volume, mirrorVolume: mirror }),
    );
  program
    .command("split <pair>")
    .description("suspend a mirror")
    .addOption(
      new Option("--secondary <access>", "what hosts may do there")
        .choices(["read-only", "read-write"])
        .default("read-only"),
    )
    .action((pair: string, { secondary }: { secondary: "read-only" | "read-write" }) =>
      give({ kind: "split", pair, secondary }),
    );
  program
    .command("resync <pair>")
    .description("make the ends equal again")
    .addOption(
      new Option("--direction <way>", "needed if both were written: the target's writes are discarded").choices([
        "forward",
        "reverse",
      ]),
    )
    .action((pair: string, flags: { direction?: "forward" | "reverse" }) => give({ kind: "resync", pair, ...flags }));
  program
    .command("takeover <pair>")
    .description("make the secondary the primary while the other system is gone; given at the secondary")
    .action((pair: string) => give({ kind: "takeover", pair }));
  program
    .command("failback <pair>")
    .description("swap the roles of a DUPLEX pair")
    .action((pair: string) => give({ kind: "failback", pair }));
  program
    .command("delete <pair>")
    .description("forget a mirror that is split, at both ends; the volumes stay as they are")
    .option("--here", "at this end alone: the other one is gone, or does not know the pair either")
    .action((pair: string, { here }: { here?: true }) =>
      give({ kind: "delete", pair, scope: here === true ? "here" : "both" }),
    );
}

function contentCommands(
  program: Command,
  run: (act: Act) => Promise<void>,
  give: (command: OperatorCommand) => Promise<void>,
): void {
  program
    .command("backup <mirror...>")
    .description("split local mirrors at one moment")
    .option("--pairs <pair...>", "the remote pairs through which their data comes; that moment is one at the primary")
    .action((mirrors: string[], { pairs = [] }: { pairs?: string[] }) => give({ kind: "backup", pairs, mirrors }));
  program
    .command("restore <pair>")
    .description("give a volume the content of its local mirror, while hosts use it")
    .addOption(new Option("--scope <tracks>", "which tracks are copied").choices(["changed", "all"]).default("changed"))
    .action((pair: string, { scope }: { scope: "changed" | "all" }) => give({ kind: "restore", pair, scope }));
  program
    .command("rollback <volume>")
    .description("give a volume the content of its image")
    .action((volume: string) => give({ kind: "rollback", volume }));
  program
    .command("recover <volume>")
    .description("give a volume the content of an earlier moment, by its journal")
    .option("--lsn <n>", "after this entry", (text) => whole(text))
    .option("--ago <seconds>", "as it was so long ago", (text) => seconds(text))
    .option("--time <when>", "as it was then: 2026-01-31T12:00:00Z", (text) => timeUs(text))
    .addOption(methodOption())
    .action((volume: string, flags: RecoverFlags & { method: "apply" | "swap" }) =>
      run(async (client) => {
        const to = await recoveryPoint(client, flags);
        await client.execute({ kind: "recover", volume, to, method: flags.method });
        return { text: "done", value: { to } };
      }),
    );
  program
    .command("recover-group <group>")
    .description("give all volumes of a group of journals the content of one moment, all or none")
    .option("--lsn <n>", "after this entry of the journal of --volume", (text) => whole(text))
    .option("--volume <name>", "with --lsn: a volume of the group")
    .option("--ago <seconds>", "as it was so long ago", (text) => seconds(text))
    .option("--time <when>", "as it was then: 2026-01-31T12:00:00Z", (text) => timeUs(text))
    .addOption(methodOption())
    .action((group: string, flags: RecoverFlags & { method: "apply" | "swap"; volume?: string }) =>
      run(async (client) => {
        const to = await groupPoint(client, flags);
        await client.execute({ kind: "recover-group", group, to, method: flags.method });
        return { text: "done", value: { to } };
      }),
    );
}

function methodOption(): Option {
  return new Option("--method <method>", "bring the old content in, or exchange the disk for the base")
    .choices(["apply", "swap"])
    .default("apply");
}

async function perform(flags: Flags, act: Act, io: ProgramIo): Promise<number> {
  try {
    const { text, value, code = EXIT.done } = await act(await controlClient(flags));
    if (flags.json === true && value !== undefined) io.out(`${JSON.stringify(value, null, 2)}\n`);
    else if (flags.json !== true && text !== "") io.out(`${text}\n`);
    return code;
  } catch (error) {
    if (error instanceof SetupError) {
      io.err(`resilver: ${error.message}\n`);
      return EXIT.usage;
    }
    if (!(error instanceof RefusedError) && !(error instanceof ControlError)) throw error;
    const told = error instanceof RefusedError ? refusalOf(error) : { code: error.code, message: error.message };
    if (flags.json === true) io.out(`${JSON.stringify({ error: told }, null, 2)}\n`);
    else io.err(`resilver: ${error.message}\n`);
    return isUndecided(error) ? EXIT.unknown : EXIT.refused;
  }
}

function refusalOf({ code, message, context, remedy }: RefusedError) {
  return { code, message, context, remedy };
}

/** Whether a command may have been carried out all the same. */
function isUndecided(error: RefusedError | ControlError): boolean {
  if (error instanceof RefusedError) return error.httpStatus === 504 || error.httpStatus === 500;
  return error.code === "BROKEN" || error.code === "TIMEOUT";
}
