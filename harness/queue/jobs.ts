import { z } from "zod";

/** What has to be the same of a campaign and of whoever works for it. */
export interface Program {
  /** SHA-256 of the engine's source. */
  readonly engine: string;
  /** SHA-256 of the harness's: what plans are made of a seed, and how runs are judged. */
  readonly harness: string;
  /** `GENERATOR_VERSION`. */
  readonly generator: number;
}

/** Seeds of a job at most: a fourth of a block. */
export const JOB_SEEDS = 32;
/** Without a sign of life for so long, a job is given to another worker. The least that pg-boss takes. */
const LEASE_SECONDS = 10;
/** A job whose workers ended, or were silent, so many times more is given up. */
const RETRIES = 5;
/** However alive its worker is: some hundred seconds for each run. */
const EXPIRE_SECONDS = 6 * 3600;
const KEPT_SECONDS = 24 * 3600;

const count = z.int().min(0);

/** Some runs of one block of a campaign. */
export const jobSchema = z.strictObject({
  campaign: z.int().min(1),
  /** Its place among the jobs of the campaign. */
  number: count,
  /** Real time that one run may take. */
  timeoutMs: z.int().min(1),
  keys: z
    .array(z.strictObject({ seed: z.int().min(0).max(0xffff_ffff), variant: z.int().min(0).max(255) }))
    .min(1)
    .max(JOB_SEEDS),
});
export type Job = z.infer<typeof jobSchema>;

/** A job that a worker holds; `retryCount` tells which of its turns this is. */
export interface HeldJob {
  readonly id: string;
  readonly retryCount: number;
  readonly job: Job;
}

/** Of one program: whoever runs another never sees these jobs. */
export function queueName({ engine, harness, generator }: Program): string {
  return `hunt-${generator}-${engine.slice(0, 16)}-${harness.slice(0, 16)}`;
}

/** Where jobs go that were given up. */
export function deadQueueName(program: Program): string {
  return `${queueName(program)}-dead`;
}

/** As pg-boss is told. */
export function queueOptions(program: Program) {
  return {
    heartbeatSeconds: LEASE_SECONDS,
    expireInSeconds: EXPIRE_SECONDS,
    retryLimit: RETRIES,
    deleteAfterSeconds: KEPT_SECONDS,
    retentionSeconds: KEPT_SECONDS,
    deadLetter: deadQueueName(program),
  };
}

/** How often a worker shows that it lives. */
export const BEAT_MS = 3_000;
/** Times that a job is begun before it is given up. */
export const TURNS = RETRIES + 1;
