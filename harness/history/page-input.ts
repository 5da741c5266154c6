import type { RunRecord, Verdict } from "./run-record.ts";

// What a page of results is made from: plain data, gathered where the results are, shown by `reports/page`.

/** What a page of results shows. */
export interface PageInput {
  readonly title: string;
  /** Of all runs together. */
  readonly verdict: Verdict;
  readonly runs: readonly RunRecord[];
  /** Its digest, as replay tokens have it. */
  readonly engine: string;
  /** How the program was called: `npm run -s resilver --`. */
  readonly calledAs: string;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  readonly requirements: readonly PageRequirement[];
  readonly environment: readonly (readonly [name: string, value: string])[];
  readonly evidence: readonly EvidenceFile[];
  /** Only of a hunt; `runs` are then those that failed. */
  readonly campaign?: PageCampaign;
  /** By run: the plans that a browser can run again. */
  readonly plans: Readonly<Record<string, unknown>>;
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

/** A hunt as a page shows it. */
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

/** Failures that have their cause in common, as far as that is seen. */
export interface PageGroup {
  readonly fingerprint: string;
  readonly count: number;
  readonly message: string;
  /** The run that is its example, among the runs of the page. */
  readonly run: string;
  /** The command that runs it again. */
  readonly replay: string;
  /** Its plan made small, as a scenario. */
  readonly small?: {
    readonly steps: number;
    readonly faults: number;
    readonly source: string;
    readonly replay: string;
  };
}
