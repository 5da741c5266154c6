import { commandLine, type CommandLineSetting } from "./command-line.ts";
import { EXIT } from "./exit-code.ts";
import { interruptSignal } from "./interrupt.ts";
import { processTerminal } from "./terminal.ts";

/** Runs the command of `process.argv` in this process, and sets its exit code. */
export async function runProgram(parts: Omit<CommandLineSetting, "terminal" | "interrupt">): Promise<void> {
  // Node.js would end with 1 after an exception that nobody caught, and with 13 after a promise that
  // never settles; here 1 means that a scenario failed.
  process.exitCode = EXIT.internal;
  process.on("uncaughtException", (error) => {
    process.stderr.write(`resilver: internal error, please report it\n${error.stack ?? error.message}\n`);
    process.exit(EXIT.internal);
  });
  const everything = { ...parts, ...githubJob(), terminal: processTerminal(), interrupt: interruptSignal() };
  process.exitCode = await commandLine(everything, process.argv.slice(2));
}

function githubJob(): Pick<CommandLineSetting, "github"> {
  if (process.env["GITHUB_ACTIONS"] !== "true") return {};
  return { github: { summaryPath: process.env["GITHUB_STEP_SUMMARY"] } };
}
