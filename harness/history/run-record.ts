import type { Census } from "./census.ts";
import type { Struck } from "./mirror-state.ts";

/** The verdicts of rule 10, worst first. */
export const VERDICTS = ["FAIL", "ERROR", "UNKNOWN", "SKIPPED", "PASS", "NOT_APPLICABLE", "WAIVED"] as const;
export type Verdict = (typeof VERDICTS)[number];

/** The invariants of rule 9, by letter. */
export const INVARIANTS = ["C", "D", "A", "F", "V", "X", "G", "S", "L", "U"] as const;
export type Invariant = (typeof INVARIANTS)[number];

/** Where a run was: in the simulated world, or in that of containers. */
export const WORLD_KINDS = ["sim", "containers"] as const;
export type WorldKind = (typeof WORLD_KINDS)[number];

/** What one run was and how it ended: the `runs` items of `--json`, and one file each in `out/`. */
export interface RunRecord {
  readonly scenario: string;
  /** Path in `scenarios/` without `.ts`: `link-suspension/cut-while-duplex`. */
  readonly id: string;
  readonly requirements: readonly string[];
  readonly world: WorldKind;
  /** The outside target that was run; without, the engine of this project. */
  readonly target?: string;
  readonly seed: number;
  readonly verdict: Verdict;
  /** 16 hexadecimal digits. */
  readonly historyHash: string;
  readonly events: number;
  readonly virtualMs: number;
  readonly wallMs: number;
  readonly faults: readonly FaultRecord[];
  /** `PASS`, `FAIL`, or `NOT_APPLICABLE` if nothing in the run could be judged by it. */
  readonly invariants: Readonly<Partial<Record<Invariant, Verdict>>>;
  /** How often each invariant was really evaluated. */
  readonly checks: Readonly<Partial<Record<Invariant, number>>>;
  readonly failures: readonly Failure[];
  /** Judgements by outside programs: `e2fsck`, `sqlite-integrity`. */
  readonly oracles: readonly OracleRecord[];
  /** A fault had no observed effect (HX-11); the verdict is UNKNOWN at best. */
  readonly vacuous: boolean;
  /** What the plan's `mayRefuse` let pass: refusals, and waits that were too long. Only of such a plan. */
  readonly tolerated?: readonly string[];
  /** Expectations that could not be judged in this world, and why. Only if there are any. */
  readonly unjudged?: readonly string[];
  /** Only if it was asked for. */
  readonly census?: Census;
  /** What happened between two moments, only if it was asked for. */
  readonly excerpt?: readonly string[];
  /** Only if it was asked for. */
  readonly recovery?: RecoveryTimes;
  /** What both ends of each mirror held at the end; only if it was asked for, and the run came to its end. */
  readonly contents?: readonly PairContents[];
  /** `resilver replay TOKEN` runs it again. */
  readonly replay: string;
}

/** Hashes over all bytes of the two volumes of a mirror, 16 hexadecimal digits each, as of a history. */
export interface PairContents {
  readonly pair: string;
  readonly primary: string;
  readonly secondary: string;
}

/** What faults cost those who use the mirrors. Of remote pairs, from when they were DUPLEX for the first time. */
export interface RecoveryTimes {
  readonly hostRequests: number;
  readonly hostRequestsDone: number;
  /** Each time that a host waited for a write for 100 ms or longer, and none to the pair was done. */
  readonly hostOutagesMs: readonly number[];
  /** Each time that a pair was not DUPLEX at both ends, until it was again. */
  readonly apartMs: readonly number[];
  /** Of these, each last part in which tracks were copied. */
  readonly resyncsMs: readonly number[];
  /** What faults cost, each time, by the fault. */
  readonly samples: readonly RecoverySample[];
}

/** docs/recovery.md defines them. */
export const RECOVERY_MEASURES = ["rto", "rpo", "resync"] as const;

/** What a fault cost, once. */
export interface RecoverySample {
  readonly measure: (typeof RECOVERY_MEASURES)[number];
  /** The kind of the fault that it is put down to; `none`: an administrator's command, or nothing that was injected. */
  readonly fault: string;
  /** Of the time of the world that it ran in. */
  readonly ms: number;
  /** Only of `rpo`: acknowledged bytes that were not there. */
  readonly bytes?: number;
}

export interface FaultRecord {
  readonly kind: string;
  /** On what: `link`, `b/svol`. */
  readonly on: string;
  readonly injected: number;
  readonly effective: number;
  /** By what mirrors were like; only where recovery was measured. */
  readonly struck?: Struck;
}

export interface OracleRecord {
  readonly oracle: string;
  readonly judged: number;
  readonly accepted: number;
  readonly verdict: Verdict;
  readonly detail: string;
}

/** One broken rule: what, where, when, and who is to blame. */
export interface Failure {
  /** An invariant, or `expectation`, `determinism`, `target` (its program failed), `harness`. */
  readonly rule: Invariant | "expectation" | "determinism" | "target" | "harness";
  readonly message: string;
  readonly timeNs: number;
  /** Differing blocks with their blame: at most 16, the rest is counted in `message`. */
  readonly blame: readonly BlockBlame[];
}

export interface BlockBlame {
  readonly volume: string;
  readonly offsetBytes: number;
  readonly lengthBytes: number;
  readonly found: string;
  readonly expected: string;
  /** The write, message, fault or crash that made it so, as far as is known. */
  readonly cause: string;
}
