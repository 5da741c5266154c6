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
  /** The tree as it is, with a slash at the end. */
  readonly pristineUrl: string;
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
    })
  | (Spent & { readonly kind: "missed" });

/** What it says, one line of JSON each. `alive`: a run has ended, nothing is found yet. */
export type HuntMessage = HuntOutcome | { readonly kind: "alive" };
