import type { Invariant, Verdict } from "./run-record.ts";

/** A campaign in a few figures: what metrics and trends are made from. */
export interface CampaignSummary {
  readonly schemaVersion: 1;
  /** ISO 8601, UTC: of its start, unless the caller gave another. */
  readonly date: string;
  /** Of the source that was tested, if the caller gave one. */
  readonly commit?: string;
  readonly command: string;
  readonly version: string;
  /** SHA-256 of the engine's sources. */
  readonly engine: string;
  /** All that ran together. */
  readonly verdict: Verdict;
  /** False: not all that was planned ran. */
  readonly isComplete: boolean;
  /** How many there are of each; only those that there are. */
  readonly runs: Readonly<Partial<Record<Verdict, number>>>;
  readonly events: number;
  /** Of real time; 0 if it was not brought to its end. */
  readonly wallMs: number;
  /** Sum over the runs, as far as they tell. */
  readonly virtualMs: number;
  readonly faults: readonly { readonly kind: string; readonly injected: number; readonly effective: number }[];
  /** How often each invariant was evaluated, and in how many runs that did not pass it was broken; not of hunts. */
  readonly invariants: readonly { readonly invariant: Invariant; readonly checks: number; readonly broken: number }[];
  /** Distinct ways in which runs failed. */
  readonly failureGroups: number;
}
