import type { Struck } from "./mirror-state.ts";
import type { Failure, Invariant, PairContents, RecoverySample, Verdict, WorldKind } from "./run-record.ts";

// What a qualification came to: plain data, concluded from evidence by `harness/qualify`, shown by `reports/qualification`.

/** Best first. */
export const QUALIFICATION_VERDICTS = ["QUALIFIED", "WITH CONDITIONS", "NOT QUALIFIED", "INCOMPLETE"] as const;
export type QualificationVerdict = (typeof QUALIFICATION_VERDICTS)[number];

/** As in RFC 2119. */
export const LEVELS = ["MUST", "SHOULD"] as const;
export type Level = (typeof LEVELS)[number];

/** What a vendor and a laboratory say of themselves and of the product. Nothing in it is measured. */
export interface Dossier {
  readonly vendor: string;
  readonly product: string;
  readonly version: string;
  /** Identifies what was tested: a digest, a build number. */
  readonly build?: string | undefined;
  /** How hosts reach its volumes. */
  readonly interface?: string | undefined;
  readonly laboratory?: string | undefined;
  readonly runner?: string | undefined;
  readonly verifier?: string | undefined;
  readonly confidentiality?: string | undefined;
  /** From the day of the report on; for ever without. */
  readonly validDays?: number | undefined;
  /** What the vendor answers to failures. */
  readonly response?: string | undefined;
  readonly waivers?: readonly Waiver[] | undefined;
}

/** A requirement whose failure was accepted by somebody, for a reason. */
export interface Waiver {
  readonly requirement: string;
  readonly reason: string;
  readonly by: string;
}

/** All that a qualification was to do: the first file of its evidence, written before anything runs. */
export interface QualificationPlan {
  readonly schemaVersion: 1;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  /** SHA-256 of the sources of the harness with its reports, and of the engine that canaries run on. */
  readonly suite: { readonly version: string; readonly harness: string; readonly engine: string };
  readonly target: {
    readonly name: string;
    readonly digest: string;
    readonly capabilities: readonly string[];
  };
  readonly profile: string;
  /** Seeds by world; a world that the target cannot run in has none. */
  readonly seeds: Readonly<Record<WorldKind, readonly number[]>>;
  readonly scenarios: readonly PlannedScenario[];
  /** Scenarios with a planted fault of storage, run on the engine that the harness was made with. */
  readonly canaries: readonly PlannedScenario[];
  readonly environment: readonly (readonly [name: string, value: string])[];
  readonly dossier: Dossier;
}

export interface PlannedScenario {
  readonly id: string;
  readonly name: string;
  readonly requirements: readonly string[];
  /** Capabilities without which it makes no sense. */
  readonly needs: readonly string[];
  /** One line each: volumes, pairs, links. */
  readonly topology: readonly string[];
}

/** What a report says, all of it concluded from evidence. */
export interface Qualification {
  readonly schemaVersion: 1;
  readonly id: string;
  readonly plan: Omit<QualificationPlan, "scenarios" | "canaries" | "schemaVersion">;
  readonly profile: ProfileHead;
  readonly verdict: QualificationVerdict;
  /** Why it is no better; empty if it could not be. */
  readonly reasons: readonly string[];
  readonly conditions: readonly string[];
  /** ISO 8601 date. */
  readonly validUntil?: string | undefined;
  /** Runs by verdict. */
  readonly counts: Readonly<Partial<Record<Verdict, number>>>;
  readonly requirements: readonly QualifiedRequirement[];
  readonly scenarios: readonly QualifiedScenario[];
  /** Requirements of the profile that no scenario exercised. */
  readonly orphanRequirements: readonly string[];
  /** Requirements of the suite that are not in the profile, with why. */
  readonly exclusions: readonly { readonly id: string; readonly title: string; readonly reason: string }[];
  readonly faults: readonly FaultCoverage[];
  readonly invariants: readonly InvariantSummary[];
  readonly objectives: readonly Objective[];
  readonly selfTest: SelfTest;
  readonly failures: readonly QualificationFailure[];
  readonly statistics: Statistics;
  /** What mirrors held at the end of the first run of each scenario in each world; of former bundles there is none. */
  readonly contents?: readonly FinalContents[] | undefined;
  readonly evidence: Evidence;
}

export interface ProfileHead {
  readonly name: string;
  readonly title: string;
  /** What the target has to declare. */
  readonly requires: readonly string[];
}

export interface QualifiedRequirement {
  readonly id: string;
  readonly title: string;
  readonly level: Level;
  readonly verdict: Verdict;
  /** Those of the scenarios that ran. */
  readonly scenarios: readonly string[];
  readonly waiver?: Waiver | undefined;
}

export interface QualifiedScenario extends PlannedScenario {
  /** Capabilities that it needs and the target does not declare; then it did not run. */
  readonly missing: readonly string[];
  readonly verdict: Verdict;
  readonly cells: readonly ScenarioCell[];
}

/** A scenario in one world, at all of its seeds. */
export interface ScenarioCell {
  readonly world: WorldKind;
  readonly verdict: Verdict;
  readonly runs: Readonly<Partial<Record<Verdict, number>>>;
  /** Path of its records. */
  readonly evidence: string;
  /** Why runs were undecided: the first such reason. */
  readonly note?: string | undefined;
}

export interface FaultCoverage {
  readonly kind: string;
  readonly world: WorldKind;
  readonly scenarios: number;
  readonly injected: number;
  readonly effective: number;
  /** By what mirrors were like; not of runs of which that is not known. */
  readonly struck?: Struck | undefined;
}

export interface InvariantSummary {
  readonly invariant: Invariant;
  readonly checks: number;
  readonly runs: number;
  readonly broken: number;
}

/** What a kind of faults cost those who use the mirrors, over all runs of a world; docs/recovery.md defines the measures. */
export interface Objective {
  readonly measure: RecoverySample["measure"];
  readonly fault: string;
  readonly world: WorldKind;
  /** Times are virtual in the simulated world, real in the other. */
  readonly unit: "ms" | "bytes";
  readonly count: number;
  readonly p50: number;
  readonly p95: number;
  readonly max: number;
}

export interface SelfTest {
  readonly canaries: readonly {
    readonly id: string;
    readonly name: string;
    readonly found: number;
    readonly runs: number;
  }[];
  /** Simulated runs that were done twice, and how many came to the same history. */
  readonly repeated: number;
  readonly same: number;
  /** Only if the result of a hunt for them was given. */
  readonly plantedBugs?: readonly PlantedBugResult[] | undefined;
}

/** A real replication bug, planted in a copy of the engine, and hunted. */
export interface PlantedBugResult {
  readonly number: number;
  readonly mechanism: string;
  readonly isFound: boolean;
  /** Invariants that found it. */
  readonly rules: readonly string[];
  readonly medianSeeds: number | null;
  readonly medianSeconds: number | null;
}

export interface QualificationFailure {
  readonly scenario: string;
  readonly world: WorldKind;
  readonly seed: number;
  readonly verdict: Verdict;
  readonly failure: Failure;
  /** The token. */
  readonly replay: string;
}

export interface Statistics {
  readonly runs: number;
  readonly distinctHistories: number;
  readonly events: number;
  readonly virtualMs: number;
  readonly wallMs: number;
  /**
   * Of simulated runs, if none failed: with 95 % confidence, the share of seeds at which one of these scenarios would
   * fail is below this (rule of three).
   */
  readonly failureShareBelow?: number | undefined;
}

export interface FinalContents extends PairContents {
  readonly scenario: string;
  readonly world: WorldKind;
  readonly seed: number;
}

export interface Evidence {
  /** Lower-case hexadecimal; RFC 9162, over the files in the order of their paths. */
  readonly merkleRoot: string;
  readonly files: readonly EvidenceItem[];
}

export interface EvidenceItem {
  readonly path: string;
  readonly mediaType: string;
  readonly sizeBytes: number;
  readonly sha256: string;
}
