import packageJson from "../../../package.json" with { type: "json" };
import { wantThreads } from "../disk/thread-shares.ts";
import { EXIT, type ProgramIo } from "./program-io.ts";

// Before anything else uses the thread pool, whose size is settled then.
wantThreads();

// The engine alone, as one program: what an image of it runs. `resilver` has the same commands, and the harness.
const PROGRAMS: ReadonlyMap<string, (args: readonly string[], io: ProgramIo) => Promise<number>> = new Map([
  ["engine", async (args, io) => (await import("./engine-program.ts")).engineProgram(args, io)],
  ["ctl", async (args, io) => (await import("./ctl-program.ts")).ctlProgram(args, io)],
  ["health", async (args, io) => (await import("./health-program.ts")).healthProgram(args, io)],
]);

const interrupt = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const)
  process.on(signal, () => {
    if (interrupt.signal.aborted) process.exit(EXIT.interrupted);
    interrupt.abort();
  });
const [name = "", ...args] = process.argv.slice(2);
const program = PROGRAMS.get(name);
const io: ProgramIo = {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  interrupt: interrupt.signal,
  version: packageJson.version,
};
process.exitCode = EXIT.internal;
if (program === undefined) {
  io.err(`resilver: found ${JSON.stringify(name)}, expected one of ${[...PROGRAMS.keys()].join(", ")}\n`);
  process.exitCode = EXIT.usage;
} else process.exitCode = await program(args, io);
