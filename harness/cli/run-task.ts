import type { Plan } from "../plan/plan.ts";
import type { Reseed } from "../run/run-once.ts";
import type { Failure, RunRecord, Verdict } from "../history/run-record.ts";
import { unjudgedRecord } from "../history/unjudged-record.ts";
import type { SeedKey, SeedResult } from "../hunt/seed-result.ts";
import type { CaseBase, CaseRequest, CaseResult } from "../hunt/exhaust/run-case.ts";
import type { ShrunkFailure } from "../hunt/shrink-failure.ts";

/** One run to do: plain data, so that it can be handed to a worker thread. */
export interface RunTask {
  readonly id: string;
  readonly name: string;
  readonly requirements: readonly string[];
  readonly seed: number;
  readonly world: RunRecord["world"];
  /** An outside target; the engine of this project without. */
  readonly target?: { readonly name: string; readonly manifest: string };
  /** Run twice and compare the histories (rule 11). */
  readonly repeat: boolean;
  /** Replays a recorded trace: takes seconds where others take milliseconds. */
  readonly heavy: boolean;
  /** The plan itself if it is none of the shipped scenarios. */
  readonly plan?: unknown;
  /** Seed every choice again at a moment of the run. */
  readonly reseed?: Reseed;
  /** Nanoseconds of virtual time whose events are told in the record. */
  readonly excerpt?: { readonly fromNs: number; readonly toNs: number };
  /** Count what a crash can fall upon, for its record. */
  readonly census?: true;
  /** `resilver replay TOKEN` runs it again. */
  readonly replay: string;
}

/** Does one task. Rejects only for what the caller caused, or for a mistake of ours. */
export type RunTaskFunction = (task: RunTask) => Promise<RunRecord>;

/** Does one run of a hunt. Rejects only for a mistake of ours. */
export type RunSeedFunction = (key: SeedKey) => Promise<SeedResult>;

/** Does one run with a blow at a point, or at two. Rejects only for what the caller caused, or for a mistake of ours. */
export type RunCaseFunction = (base: CaseBase, request: CaseRequest) => Promise<CaseResult>;

/** Makes a failure small. Rejects only for a mistake of ours. */
export type ShrinkFunction = (request: Omit<ShrinkRequest, "kind">) => Promise<ShrunkFailure>;

/**
 * From the worker thread to its owner: that it has loaded what it needs and begins; then one reply a task. Of the seeds
 * of a hunt, and of cases: that it begins, and the result, for each; then one reply.
 */
export type WorkerMessage = { readonly kind: "began" } | SeedMessage | CaseMessage | WorkerReply;

/** A run of a hunt has ended, and its batch goes on. */
export interface SeedMessage {
  readonly kind: "seed";
  readonly result: SeedResult;
}

/** A run with a blow has ended, and its batch goes on. */
export interface CaseMessage {
  readonly kind: "case";
  readonly result: CaseResult;
}

export type WorkerReply =
  | { readonly kind: "record"; readonly record: RunRecord }
  /** All seeds, or cases, of a batch have their results. */
  | { readonly kind: "batch" }
  | { readonly kind: "shrunk"; readonly shrunk: ShrunkFailure }
  /** The caller's mistake, in one line. */
  | { readonly kind: "usage"; readonly message: string }
  /** Ours, with its stack. */
  | { readonly kind: "internal"; readonly stack: string };

/** To the worker thread. */
export type WorkerRequest = WorkRequest | { readonly kind: "stop" };

export type WorkRequest =
  | { readonly kind: "run"; readonly task: RunTask }
  | { readonly kind: "hunt"; readonly keys: readonly SeedKey[] }
  | { readonly kind: "cases"; readonly base: CaseBase; readonly requests: readonly CaseRequest[] }
  | ShrinkRequest;

/** Make a plan smaller, for `msMax` at most, as long as it fails so. */
export interface ShrinkRequest {
  readonly kind: "shrink";
  readonly id: string;
  readonly plan: Plan;
  readonly seed: number;
  readonly failure: Failure;
  readonly msMax: number;
}

/** The record of a run that did not come to its end, so that no list ever lacks it. */
export function unfinishedRecord(task: RunTask, verdict: Verdict, message: string, wallMs = 0): RunRecord {
  const { target, ...head } = task;
  const on = target === undefined ? {} : { target: target.name };
  return unjudgedRecord({ ...head, ...on, scenario: task.name }, verdict, { rule: "harness", message }, wallMs);
}
