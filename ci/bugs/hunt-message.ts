import type { Plan } from "../../harness/plan/index.ts";

/** Plans of `count` seeds from `from` on, in this order, until one fails. */
export interface SeedRange {
  readonly from: number;
  readonly count: number;
}

/** What a hunt in a copy of the tree is asked, as its only argument in JSON. */
export interface HuntRequest {
  /** One after the other. */
  readonly starts: readonly SeedRange[];
  /** For each of them, of processor time: what else the machine does must not decide what is found. */
  readonly secondsMax: number;
  /** The first plan that fails is made small for so long, of processor time; not at all with 0. */
  readonly shrinkSecondsMax: number;
  /** The tree as it is, with a slash at the end. */
  readonly pristineUrl: string;
}

/** What a plan that failed was made small to. */
export interface SmallPlan {
  readonly plan: Plan;
  /** Without those that are only around others, such as `together`. */
  readonly steps: number;
  /** Of these. */
  readonly faults: number;
  /** Plans that were tried. */
  readonly runs: number;
  readonly ms: number;
  /** Nothing that is left can be made smaller; otherwise the time was over. */
  readonly isSmallest: boolean;
}

interface Spent {
  /** Seeds that were run, also the one that failed. */
  readonly seeds: number;
  /** Of real time. */
  readonly ms: number;
  readonly cpuMs: number;
  /** Seeds whose plans fail on the engine as it is, too: they were passed over. */
  readonly falseAlarms: readonly number[];
}

/** How one start ended. */
export type HuntOutcome =
  | (Spent & {
      readonly kind: "found";
      readonly seed: number;
      /** Every rule that was broken, as of the failures of the record. */
      readonly rules: readonly string[];
      /** Of the first failure. */
      readonly message: string;
      /** Of the first start that found the bug. */
      readonly small?: SmallPlan;
    })
  | (Spent & { readonly kind: "missed" });

/** What it says, one line of JSON each. `alive`: a run has ended, nothing is found yet. */
export type HuntMessage = HuntOutcome | { readonly kind: "alive" };
