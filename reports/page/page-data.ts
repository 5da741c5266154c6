import type { CampaignSummary } from "../../harness/history/campaign-summary.ts";
import type { Struck } from "../../harness/history/mirror-state.ts";
import type { PageInput } from "../../harness/history/page-input.ts";
import type { Failure, RecoverySample, Verdict } from "../../harness/history/run-record.ts";
import type { PageScenario } from "./run-columns.ts";

// What a page shows: plain data, made where the results are, read in a browser.

/** As a verdict; INCOMPLETE: what was planned did not all run, so there is no pass. */
export type PageVerdict = Verdict | "INCOMPLETE";

/** One rule that the runs were judged by. */
export interface Gate {
  /** For people: "C: mirrors that are in sync hold the same bytes". */
  readonly rule: string;
  /** "0 broken in 12,345 checks". */
  readonly measured: string;
  /** "0". */
  readonly limit: string;
  /** `NOT_APPLICABLE`: nothing was measured. */
  readonly verdict: PageVerdict;
}

/** Of a run that did not pass. */
export interface RunDetail {
  readonly failures: readonly Failure[];
  /** The token that runs it again; "" without. */
  readonly replay: string;
}

/** Runs whose first failures have the rule and the words in common, numbers aside. */
export interface FailureGroup {
  readonly title: string;
  readonly count: number;
  /** Some of them, by index. */
  readonly runs: readonly number[];
}

/** What faults cost, over all runs: how long, or how many bytes. */
export interface Distribution {
  readonly measure: RecoverySample["measure"];
  readonly unit: "ms" | "bytes";
  /** By the kind of the fault, or by the folder of the scenario. */
  readonly by: "fault" | "family";
  readonly name: string;
  readonly count: number;
  readonly p50: number;
  readonly p95: number;
  readonly max: number;
  /** Values from the least to the most: all of them, or some. */
  readonly drawn: readonly number[];
}

/** Of a kind of fault: injections by what mirrors were like when it struck. */
export interface StruckRow {
  readonly kind: string;
  readonly struck: Struck;
}

/** All but runs and plans, which are packed. */
export interface PageData extends Omit<PageInput, "plans" | "runs" | "verdict"> {
  readonly schemaVersion: 2;
  /** Of what ran. */
  readonly verdict: Verdict;
  /** Not all that was planned ran. */
  readonly isIncomplete: boolean;
  readonly gates: readonly Gate[];
  readonly runCount: number;
  readonly faultCount: number;
  readonly scenarios: readonly PageScenario[];
  readonly faultKinds: readonly string[];
  readonly groups: readonly FailureGroup[];
  readonly recovery: readonly Distribution[];
  readonly struck: readonly StruckRow[];
  /** By index of the run, of some that did not pass. */
  readonly details: Readonly<Record<number, RunDetail>>;
}

/** What a page of trends shows: campaigns, the oldest first. */
export interface TrendsData {
  readonly schemaVersion: 2;
  readonly trends: readonly CampaignSummary[];
}

/** Elements of the page that hold its data; but for the first, Base64 of what gzip made. */
export const PAGE_ELEMENTS = {
  data: "page-data",
  runs: "page-runs",
  plans: "page-plans",
  engine: "page-engine",
} as const;
