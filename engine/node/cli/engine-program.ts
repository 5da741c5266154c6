import { Command } from "commander";
import { destination, type Logger, pino, stdTimeFunctions } from "pino";
import { EngineError } from "../../errors.ts";
import { DiskError } from "../../ports/index.ts";
import type { DaemonConfig } from "../daemon/config.ts";
import { type Daemon, startDaemon } from "../daemon/daemon.ts";
import { loadConfig } from "../daemon/load-config.ts";
import { SetupError } from "../setup-error.ts";
import { EXIT, type ProgramIo } from "./program-io.ts";
import { runCommander } from "./run-commander.ts";

/** `resilver engine --config FILE`: runs until it is told to stop. @returns the exit code */
export async function engineProgram(args: readonly string[], io: ProgramIo): Promise<number> {
  let exitCode: number = EXIT.done;
  const program = new Command("resilver engine")
    .description("run the engine as a daemon, in the foreground, with its log on stdout")
    .requiredOption("--config <file>", "- for standard input; see docs/operating.md, and `resilver schema engine`")
    .option("--check", "only say whether the configuration can be used")
    .action(async ({ config: file, check }: { config: string; check?: true }) => {
      exitCode = await run(file, check === true, io);
    });
  return runCommander(program, args, io, () => exitCode);
}

async function run(file: string, checkOnly: boolean, io: ProgramIo): Promise<number> {
  let config: DaemonConfig;
  try {
    config = await loadConfig(file);
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    io.err(`resilver: ${error.message}\n`);
    return EXIT.usage;
  }
  if (checkOnly) {
    io.out(`${file}: ${config.volumes.length} volumes, ${config.links.length} links\n`);
    return EXIT.done;
  }
  const logger = loggerOf(config);
  process.on("uncaughtException", (error) => process.exit(crashed(logger, error)));
  let daemon: Daemon;
  try {
    daemon = await startDaemon({ config, logger, version: io.version });
  } catch (error) {
    if (!isRefusal(error)) return crashed(logger, error);
    logger.fatal({ err: error }, "cannot start");
    io.err(`resilver: ${error.message}\n`);
    return error instanceof SetupError ? EXIT.usage : EXIT.refused;
  }
  const told = new Promise<"told">((resolve) => {
    io.interrupt.addEventListener("abort", () => resolve("told"), { once: true });
    if (io.interrupt.aborted) resolve("told");
  });
  const end = await Promise.race([daemon.failed, told]);
  if (end !== "told") return crashed(logger, end);
  const failure = await Promise.race([daemon.failed, daemon.stop()]);
  return failure === undefined ? EXIT.done : crashed(logger, failure);
}

/** The log goes out before the call returns: what is said last is what matters most. */
function loggerOf({ name, log }: DaemonConfig): Logger {
  return pino({ level: log.level, base: { system: name }, timestamp: stdTimeFunctions.isoTime }, destination(1));
}

/** A bug of ours. No clean stop: what the program believes cannot be trusted, and the disks can (rule 3). */
function crashed(logger: Logger, error: unknown): number {
  logger.fatal({ err: error }, "internal error, please report it");
  return EXIT.internal;
}

function isRefusal(error: unknown): error is Error {
  return error instanceof SetupError || error instanceof EngineError || error instanceof DiskError;
}
