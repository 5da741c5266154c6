import type { RunRecord, Verdict } from "../../harness/history/run-record.ts";

// What a page shows: plain data, made where the results are, read in a browser.

/** One rule that the runs were judged by. */
export interface Gate {
  /** For people: "C: mirrors that are in sync hold the same bytes". */
  readonly rule: string;
  /** "0 broken in 12,345 checks". */
  readonly measured: string;
  /** "0". */
  readonly limit: string;
  /** `NOT_APPLICABLE`: nothing was measured. */
  readonly verdict: Verdict;
}

/** A requirement and the runs that exercise it. */
export interface PageRequirement {
  readonly id: string;
  readonly title: string;
  /** Why no scenario has to exercise it; "" if one has to. */
  readonly elsewhere: string;
}

export interface EvidenceFile {
  /** From the folder of the results. */
  readonly path: string;
  readonly sizeBytes: number;
  readonly sha256: string;
}

/** What of a run record a page holds: the failures that lists of blocks are long of are cut by the record itself. */
export type PageRun = RunRecord;

/** A hunt: many runs, of which only those that failed are told one by one. */
export interface PageCampaign {
  readonly status: string;
  /** `0..9999`. */
  readonly seeds: string;
  readonly generator: number;
  /** The hash over all results. */
  readonly outcome: string;
  readonly runCount: number;
  readonly derivedCount: number;
  readonly failedCount: number;
  readonly events: number;
  readonly wallMs: number;
  readonly goalCount: number;
  /** Goals that no run reached. */
  readonly neverReached: readonly string[];
  /** How many runs reached what, the rarest first. */
  readonly reached: readonly (readonly [name: string, runs: number])[];
  readonly faults: readonly { readonly kind: string; readonly injected: number; readonly effective: number }[];
  readonly corpus: { readonly runCount: number; readonly unexpected: readonly string[] };
  readonly groups: readonly PageGroup[];
}

export interface PageGroup {
  readonly fingerprint: string;
  readonly count: number;
  readonly message: string;
  /** The id of the run that is its example. */
  readonly run: string;
  readonly replay: string;
  /** Its plan made small, as a scenario. */
  readonly small?: {
    readonly steps: number;
    readonly faults: number;
    readonly source: string;
    readonly replay: string;
  };
}

export interface PageData {
  readonly schemaVersion: 1;
  readonly title: string;
  /** Of all runs together. */
  readonly verdict: Verdict;
  readonly engine: string;
  /** How the program was called: `npm run -s resilver --`. */
  readonly calledAs: string;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  readonly gates: readonly Gate[];
  readonly runs: readonly PageRun[];
  readonly campaign?: PageCampaign;
  readonly requirements: readonly PageRequirement[];
  readonly environment: readonly (readonly [name: string, value: string])[];
  readonly evidence: readonly EvidenceFile[];
}

/** Elements of the page that hold its data; the last two are Base64 of what gzip made. */
export const PAGE_ELEMENTS = { data: "page-data", plans: "page-plans", engine: "page-engine" } as const;

/** What a run can be replayed from. By id. */
export type PagePlans = Readonly<Record<string, unknown>>;
