import type { FaultRecord, RecoveryTimes, RunRecord, Verdict } from "./run-record.ts";

// What a page of results is made from: plain data, gathered where the results are, shown by `reports/page`.

/**
 * What a page shows of one run. A record is one; of a run of a hunt that passed there is less. A run that was planned and did not run is
 * SKIPPED.
 */
export interface PageRun
  extends Pick<RunRecord, "id" | "scenario" | "requirements" | "world" | "target" | "seed" | "verdict" | "historyHash">,
    Partial<Pick<RunRecord, "invariants" | "checks" | "failures" | "vacuous" | "replay">> {
  /** Of a hunt: 0 for the plan of the seed itself; above, a plan derived from it. */
  readonly variant?: number;
  readonly events?: number;
  readonly virtualMs?: number;
  readonly faults: readonly Pick<FaultRecord, "kind" | "injected" | "effective" | "struck">[];
  readonly recovery?: Pick<RecoveryTimes, "samples">;
  /** Of a hunt: what failures of one cause have in common. */
  readonly fingerprints?: readonly string[];
  /** Where it stands among the others; left out, where it comes. */
  readonly order?: number;
}

/** What a page of results shows. */
export interface PageInput {
  readonly title: string;
  /** Of all runs together; left out, that of `runs`. */
  readonly verdict?: Verdict;
  /** Read once, so that there may be more than memory holds. */
  readonly runs: Iterable<PageRun>;
  /** Why there are not all results: the harness was killed. Left out of a campaign that was brought to its end. */
  readonly unfinished?: string;
  /** Its digest, as replay tokens have it. */
  readonly engine: string;
  /** How the program was called: `npm run -s resilver --`. */
  readonly calledAs: string;
  /** Of the campaign: ISO 8601, UTC. */
  readonly startedAt: string;
  /** Of the page. */
  readonly createdAt: string;
  readonly requirements: readonly PageRequirement[];
  readonly environment: readonly (readonly [name: string, value: string])[];
  readonly evidence: readonly EvidenceFile[];
  /** Only of a hunt. */
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
  /** `complete`, `time-over`, `interrupted`; `unfinished` if the harness was killed. */
  readonly status: string;
  /** How many were to be done; left out: as many as there was time for. */
  readonly plannedSeeds?: number;
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
  /** Told when a hunt ends. */
  readonly coverage?: PageCoverage;
  readonly faults: readonly { readonly kind: string; readonly injected: number; readonly effective: number }[];
  readonly corpus: { readonly runCount: number; readonly unexpected: readonly string[] };
  readonly groups: readonly PageGroup[];
}

/** What runs reached, of what there is. */
export interface PageCoverage {
  readonly goalCount: number;
  /** Goals that no run reached. */
  readonly neverReached: readonly string[];
  /** How many runs reached what, the rarest first. */
  readonly reached: readonly (readonly [name: string, runs: number])[];
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
