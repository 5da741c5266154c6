import { Command } from "commander";
import { seconds } from "./numbers.ts";
import { EXIT, type ProgramIo } from "./program-io.ts";
import { loadConfig } from "../daemon/load-config.ts";
import { urlOf } from "./ctl-access.ts";
import { runCommander, UsageError } from "./run-commander.ts";

/** `health`: whether an engine is ready, for a container's health check. @returns 0 if it is, 1 otherwise */
export async function healthProgram(args: readonly string[], io: ProgramIo): Promise<number> {
  let exitCode: number = EXIT.refused;
  const program = new Command("health")
    .description("whether an engine serves hosts and commands")
    .argument("[url]", "of its control API, http://127.0.0.1:7070")
    .option("--config <file>", "its configuration, which says where that is")
    .option("--timeout <seconds>", "for the answer", (text) => seconds(text), 3)
    .action(async (url: string | undefined, { config, timeout }: { config?: string; timeout: number }) => {
      const signal = AbortSignal.any([io.interrupt, AbortSignal.timeout(timeout * 1000)]);
      try {
        const base = config === undefined ? url : urlOf((await loadConfig(config)).control);
        if (base === undefined) throw new UsageError("which engine? give its URL, or --config FILE");
        const { ok, status } = await fetch(new URL("/readyz", base), { signal });
        exitCode = ok ? EXIT.done : EXIT.refused;
        io.out(`${status}\n`);
      } catch (error) {
        if (error instanceof UsageError) throw error;
        io.out(`${error instanceof Error ? error.message : String(error)}\n`);
      }
    });
  return runCommander(program, args, io, () => exitCode);
}
