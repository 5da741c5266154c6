import type { Reseed } from "../run/run-once.ts";
import type { Failure, RunRecord, Verdict } from "../history/run-record.ts";
import { unjudgedRecord } from "../history/unjudged-record.ts";
import type { SeedKey, SeedResult } from "../hunt/seed-result.ts";
import type { ShrunkSeed } from "../hunt/shrink-seed.ts";

/** One run to do: plain data, so that it can be handed to a worker thread. */
export interface RunTask {
  readonly id: string;
  readonly name: string;
  readonly requirements: readonly string[];
  readonly seed: number;
  readonly world: RunRecord["world"];
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

/** Makes a failure of a hunt small. Rejects only for a mistake of ours. */
export type ShrinkSeedFunction = (request: Omit<ShrinkRequest, "kind">) => Promise<ShrunkSeed>;

/**
 * From the worker thread to its owner: that it has loaded what it needs and begins; then one reply a task. Of the seeds
 * of a hunt: that it begins, and the result, for each; then one reply.
 */
export type WorkerMessage = { readonly kind: "began" } | SeedMessage | WorkerReply;

/** A run of a hunt has ended, and its batch goes on. */
export interface SeedMessage {
  readonly kind: "seed";
  readonly result: SeedResult;
}

export type WorkerReply =
  | { readonly kind: "record"; readonly record: RunRecord }
  /** All seeds of a batch have their results. */
  | { readonly kind: "batch" }
  | { readonly kind: "shrunk"; readonly shrunk: ShrunkSeed }
  /** The caller's mistake, in one line. */
  | { readonly kind: "usage"; readonly message: string }
  /** Ours, with its stack. */
  | { readonly kind: "internal"; readonly stack: string };

/** To the worker thread. */
export type WorkerRequest = WorkRequest | { readonly kind: "stop" };

export type WorkRequest =
  | { readonly kind: "run"; readonly task: RunTask }
  | { readonly kind: "hunt"; readonly keys: readonly SeedKey[] }
  | ShrinkRequest;

/** Make the plan of a seed smaller, for `msMax` at most. */
export interface ShrinkRequest {
  readonly kind: "shrink";
  readonly key: SeedKey;
  readonly failure: Failure;
  readonly msMax: number;
}

/** The record of a run that did not come to its end, so that no list ever lacks it. */
export function unfinishedRecord(task: RunTask, verdict: Verdict, message: string, wallMs = 0): RunRecord {
  return unjudgedRecord({ ...task, scenario: task.name }, verdict, { rule: "harness", message }, wallMs);
}
