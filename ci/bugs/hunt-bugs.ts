import type { HuntOutcome, SeedRange, SmallPlan } from "./hunt-message.ts";
import { huntTree, type TreeOutcome } from "./hunt-tree.ts";
import type { PlantedBug } from "./planted-bug.ts";
import { ScratchTree } from "./scratch-tree.ts";

/** Seeds of one hunt, which is far from using them up. */
const SEEDS_OF_A_START = 1_000_000;
const ROOT_URL = new URL("../../", import.meta.url).href;

export interface HuntOptions {
  /** Hunts of each bug, with other seeds each. */
  readonly starts: number;
  /** For each hunt. */
  readonly seconds: number;
  /** The first plan that shows a bug is made small for so long; 0 for not at all. */
  readonly shrinkSeconds: number;
  /** First seed of the first hunt. */
  readonly seed: number;
  /** Bugs that are hunted at once. */
  readonly workers: number;
  readonly onResult: (result: BugResult) => void;
}

type Found = Extract<HuntOutcome, { readonly kind: "found" }>;

/** What became of one planted bug. */
export interface BugResult {
  readonly bug: PlantedBug;
  /** By every start. */
  readonly isFound: boolean;
  readonly found: readonly Found[];
  /** Rules that were broken in any of the runs that found it. */
  readonly rules: readonly string[];
  /** Starts in which one of them was expected. */
  readonly startsAsExpected: number;
  /** Of the starts; a start that did not find it counts as endless. */
  readonly medianSeeds: number;
  /** Of real time. */
  readonly medianSeconds: number;
  readonly medianCpuSeconds: number;
  /** What the plan of the first start that found it was made small to. */
  readonly small: SmallPlan | undefined;
  /** Of all starts. */
  readonly seedsTried: number;
  /** Seeds whose plans fail on the engine as it is, too. */
  readonly falseAlarms: readonly number[];
  /** What went wrong with the hunt itself; "" for nothing. */
  readonly trouble: string;
}

/** Hunts each bug in a copy of the tree. @returns in the order of the bugs */
export async function huntBugs(bugs: readonly PlantedBug[], options: HuntOptions): Promise<BugResult[]> {
  const results: BugResult[] = new Array(bugs.length);
  let next = 0;
  const work = async (): Promise<void> => {
    for (let index = next++; index < bugs.length; index = next++) {
      const result = await huntBug(bugs[index] as PlantedBug, options);
      results[index] = result;
      options.onResult(result);
    }
  };
  await Promise.all(Array.from({ length: Math.min(options.workers, bugs.length) }, work));
  return results;
}

async function huntBug(bug: PlantedBug, options: HuntOptions): Promise<BugResult> {
  const { starts, seed } = options;
  const ranges = Array.from(
    { length: starts },
    (_, start): SeedRange => ({
      from: seed + start * SEEDS_OF_A_START,
      count: SEEDS_OF_A_START,
    }),
  );
  const outcomes = await inTree(bug.patch, ranges, options);
  return summary(bug, starts, outcomes);
}

function summary(bug: PlantedBug, starts: number, outcomes: readonly TreeOutcome[]): BugResult {
  const found = outcomes.filter((outcome) => outcome.kind === "found");
  const medianOf = (value: (one: Found) => number): number => median(starts, found.map(value));
  return {
    bug,
    isFound: found.length === starts,
    found,
    rules: [...new Set(found.flatMap(({ rules }) => rules))].sort(),
    startsAsExpected: found.filter(({ rules }) => rules.some((rule) => bug.expected.includes(rule))).length,
    medianSeeds: medianOf(({ seeds }) => seeds),
    medianSeconds: medianOf(({ ms }) => ms / 1000),
    medianCpuSeconds: medianOf(({ cpuMs }) => cpuMs / 1000),
    small: found.find((one) => one.small !== undefined)?.small,
    seedsTried: outcomes.reduce((sum, outcome) => sum + (outcome.kind === "ended" ? 0 : outcome.seeds), 0),
    falseAlarms: outcomes.flatMap((outcome) => (outcome.kind === "ended" ? [] : outcome.falseAlarms)),
    trouble: outcomes.flatMap((outcome) => (outcome.kind === "ended" ? [outcome.why] : [])).join("; "),
  };
}

async function inTree(
  patch: string,
  starts: readonly SeedRange[],
  { seconds: secondsMax, shrinkSeconds: shrinkSecondsMax }: HuntOptions,
): Promise<TreeOutcome[]> {
  const tree = new ScratchTree();
  try {
    const objection = tree.apply(patch);
    if (objection !== "") return [{ kind: "ended", why: objection }];
    return await huntTree(tree, { starts, secondsMax, shrinkSecondsMax, pristineUrl: ROOT_URL });
  } finally {
    tree.remove();
  }
}

/** The middle of `count` values, those that are missing being the greatest. */
export function median(count: number, values: readonly number[]): number {
  const sorted = [...values, ...new Array<number>(count - values.length).fill(Infinity)].sort((a, b) => a - b);
  return sorted[Math.floor((count - 1) / 2)] as number;
}
