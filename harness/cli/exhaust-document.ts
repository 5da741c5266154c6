import type { RunRecord, Verdict } from "../history/run-record.ts";
import type { TallyRow } from "../hunt/tally.ts";
import type { TornKind } from "../hunt/exhaust/torn-subsets.ts";
import type { PairTotals, TornTotals } from "../hunt/exhaust/search.ts";

/** A run that did not pass. */
export interface FailedCase {
  /** `power loss of a at write 12 of a/meta: one part is lost`. */
  readonly point: string;
  readonly isReached: boolean;
  readonly fingerprints: readonly string[];
  /** The command that runs it again. */
  readonly replay: string;
}

/** Failures of one cause. */
export interface ExhaustGroup {
  readonly fingerprint: string;
  readonly count: number;
  /** Of the first of them. */
  readonly point: string;
  readonly isReached: boolean;
  readonly message: string;
  readonly replay: string;
  /** Its plan made small. */
  readonly small?: {
    readonly steps: number;
    readonly faults: number;
    readonly runs: number;
    readonly isSmallest: boolean;
    readonly replay: string;
    readonly scenario: string;
  };
}

/** What `exhaust --json` prints. */
export interface ExhaustDocument {
  readonly schemaVersion: 2;
  readonly scenario: string;
  readonly seed: number;
  readonly status: "complete" | "interrupted";
  readonly verdict: Verdict;
  /** The hash over all results, in order; whoever did them. */
  readonly outcome: string;
  /** Points that there are; every `stride`th was tried. */
  readonly total: number;
  readonly stride: number;
  /** Runs with one blow that have ended, that were to be done, and that the limit left out. */
  readonly runCount: number;
  readonly plannedCount: number;
  readonly leftOut: number;
  readonly torn:
    | (TornTotals & { readonly kinds: readonly { readonly kind: TornKind; readonly runs: number }[] })
    | undefined;
  readonly rows: readonly TallyRow[];
  readonly pairs: PairTotals | undefined;
  readonly groups: readonly ExhaustGroup[];
  /** At most 200, in order. */
  readonly failures: readonly FailedCase[];
  readonly failedCount: number;
  readonly wallMs: number;
  readonly runs: readonly RunRecord[];
}
