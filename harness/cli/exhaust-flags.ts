import { type Command, Option } from "commander";
import type { Blow } from "../hunt/crash-point.ts";
import type { SearchOptions } from "../hunt/exhaust/search.ts";
import { parseInteger } from "./parse-number.ts";

/** What `exhaust` alone is told. */
export interface ExhaustFlags {
  readonly stride: number;
  readonly kind: keyof typeof BLOWS;
  readonly subsets: number;
  readonly pairs?: true;
  readonly limit: number;
  readonly shrink: boolean;
}

const STRIDE_BOUNDS = { min: 1, max: 1_000_000 };
const SUBSETS_BOUNDS = { min: 0, max: 65_536 };
const SUBSETS_DEFAULT = 64;
/** All subsets of so many sectors, or parts: 64 at most. */
const WHOLE_MAX = 6;
const LIMIT_BOUNDS = { min: 1, max: 10_000_000 };
const LIMIT_DEFAULT = 20_000;

const BLOWS = {
  power: ["power"],
  kill: ["kill"],
  both: ["power", "kill"],
  cut: ["cut"],
  error: ["error"],
  all: ["power", "kill", "cut", "error"],
} as const satisfies Readonly<Record<string, readonly Blow[]>>;

/** Gives the command what it alone understands. */
export function exhaustFlagsOn(command: Command): Command {
  const count = (name: string, bounds: { readonly min: number; readonly max: number }) => (text: string) =>
    parseInteger(name, text, bounds);
  return command
    .description(
      "run a scenario with a crash, a cut or a disk error at every disk write and every frame, and all that power may leave",
    )
    .argument("<scenario>", "id, a pattern that means one scenario, or path/to/plan.json")
    .option("--stride <k>", "try every k-th point only", count("--stride", STRIDE_BOUNDS), 1)
    .addOption(
      new Option(
        "--kind <kind>",
        "what strikes: loss of power, kill, both of them, a cut of the link, an error of a disk, or all four",
      )
        .choices(Object.keys(BLOWS))
        .default("all"),
    )
    .option(
      "--subsets <n>",
      "contents that a loss of power leaves, tried at each point; 0: chance decides what it leaves",
      count("--subsets", SUBSETS_BOUNDS),
      SUBSETS_DEFAULT,
    )
    .option("--pairs", "strike a second time after the first blow, too")
    .option(
      "--limit <n>",
      "at most so many runs with one blow, and as many with two",
      count("--limit", LIMIT_BOUNDS),
      LIMIT_DEFAULT,
    )
    .option("--no-shrink", "leave failures as large as they were found");
}

/** What is to be searched. */
export function searchOf({ stride, kind, subsets, pairs, limit }: ExhaustFlags): SearchOptions {
  return { stride, blows: BLOWS[kind], subsetsMax: subsets, wholeMax: WHOLE_MAX, pairs: pairs === true, limit };
}
