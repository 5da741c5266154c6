import { type Command, CommanderError } from "commander";
import { EXIT, type ProgramIo } from "./program-io.ts";

/** Something that the caller typed cannot be used. */
export class UsageError extends Error {}

/**
 * Parses `args` and does what they say.
 * @param exit gives the exit code once the action is through
 * @returns the exit code; errors other than those of usage pass through
 */
export async function runCommander(
  program: Command,
  args: readonly string[],
  io: ProgramIo,
  exit: () => number,
): Promise<number> {
  const each = (command: Command): void => {
    command
      .exitOverride()
      .allowExcessArguments(false)
      .configureOutput({ writeOut: (text) => io.out(text), writeErr: () => {} });
    for (const child of command.commands) each(child);
  };
  each(program);
  try {
    await program.parseAsync(args, { from: "user" });
    return exit();
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return EXIT.done;
    if (!(error instanceof CommanderError) && !(error instanceof UsageError)) throw error;
    const [line = ""] = error.message.replace(/^error: /, "").split("\n");
    // Without a command commander shows its help as an error.
    io.err(line === "(outputHelp)" ? program.helpInformation() : `resilver: ${line} (see ${program.name()} --help)\n`);
    return EXIT.usage;
  }
}
