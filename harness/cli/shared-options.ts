import { Option } from "commander";
import { parseInteger, SEED_BOUNDS } from "./parse-number.ts";

/** The seed of a run that names none: suites must do the same every day. */
const SEED_DEFAULT = 1;
const WORKER_BOUNDS = { min: 1, max: 64 };
const TIMEOUT_BOUNDS = { min: 1, max: 86_400 };
export const MINUTES_BOUNDS = { min: 1, max: 10_080 };

/** Options that commands which run something share. */
export interface RunFlags {
  readonly seed: number;
  readonly out: string;
  readonly json?: true;
  readonly repeat: boolean;
  readonly workers?: number;
  readonly timeout: number;
}

export function seedOption(): Option {
  return new Option("--seed <n>", "seed of every random choice, 0 to 4294967295")
    .default(SEED_DEFAULT)
    .argParser((text) => parseInteger("--seed", text, SEED_BOUNDS));
}

export function workersOption(theDefault = "one a processor, at most 8"): Option {
  return new Option("--workers <n>", `runs at a time (default: ${theDefault})`).argParser((text) =>
    parseInteger("--workers", text, WORKER_BOUNDS),
  );
}

export function timeoutOption(): Option {
  return new Option("--timeout <seconds>", "real time that one run may take")
    .default(300)
    .argParser((text) => parseInteger("--timeout", text, TIMEOUT_BOUNDS));
}

export function optionsOf(flags: RunFlags) {
  return {
    seed: flags.seed,
    out: flags.out,
    json: flags.json === true,
    repeat: flags.repeat,
    workers: flags.workers,
    timeoutMs: flags.timeout * 1000,
  };
}
