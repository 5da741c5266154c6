import type { FaultRecord, RecoverySample, RunRecord, Verdict } from "../history/run-record.ts";

/** One run of a campaign: a seed of the generator, or a plan derived from that of a seed. */
export interface SeedKey {
  readonly seed: number;
  /** 0 for the plan of the seed itself. */
  readonly variant: number;
}

/** What became of one run, small: plain data that a worker thread sends. */
export interface SeedResult extends SeedKey {
  /** A fault that had no effect does not count here: many do not, as they strike at random. */
  readonly verdict: Verdict;
  readonly historyHash: string;
  readonly events: number;
  /** What failures have in common is equal here (`fingerprintsOf`); empty if it passed. */
  readonly fingerprints: readonly string[];
  /** What the run reached, by name (`RunCoverage`). */
  readonly reached: readonly string[];
  readonly faults: readonly FaultRecord[];
  /** What they cost. */
  readonly recovery: readonly RecoverySample[];
  /** Only of a run that did not pass; its `replay` is still to be filled in. */
  readonly record?: RunRecord;
}

/** `17`, or `17+2` for the second plan derived from seed 17. */
export function keyText({ seed, variant }: SeedKey): string {
  return variant === 0 ? String(seed) : `${seed}+${variant}`;
}

/** The seed that the run of a plan is given: the generator's, and another one for each plan derived from it. */
export function worldSeed({ seed, variant }: SeedKey): number {
  return (seed + Math.imul(variant, 0x9e3779b1)) >>> 0;
}
