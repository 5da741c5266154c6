import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import type { Batch, Blocks, SeedRange } from "../hunt/blocks.ts";
import type { SeedResult } from "../hunt/seed-result.ts";
import { unfinishedResult } from "../hunt/unfinished-result.ts";
import { beatCampaign, beginCampaign, type CampaignSummary, endCampaign } from "./campaigns.ts";
import { Database, type DatabaseOptions } from "./database.ts";
import { BEAT_MS, type Job, JOB_SEEDS, jobSchema, type Program, TURNS } from "./jobs.ts";
import { QueueError } from "./queue-error.ts";
import { doneRanges, storeForNobody } from "./ranges.ts";

/** Jobs in the queue, or in somebody's hands, at a time: 65536 seeds. More follow as these are done. */
const JOBS_MAX = 2048;
const POLL_MS = 100;

interface OpenJob {
  readonly id: string;
  readonly job: Job;
  readonly batch: Batch;
}

export interface CampaignOptions {
  readonly seeds: SeedRange;
  /** Of the package. */
  readonly version: string;
  /** Real time that one run may take. */
  readonly timeoutMs: number;
  /** Aborted by an interrupt. */
  readonly signal: AbortSignal;
  /** Told each result as it comes, in no order. */
  readonly onResult: (result: SeedResult) => void;
  /** Two workers had the same job, and not the same results; the first ones count. */
  readonly onDispute: (keys: Job["keys"]) => void;
}

/** One campaign whose runs are done by whoever takes them from the queue. */
export class Coordinator {
  readonly #database: Database;
  readonly #program: Program;
  readonly #open = new Map<number, OpenJob>();
  #campaign = 0;
  #nextNumber = 0;

  private constructor(database: Database, program: Program) {
    this.#database = database;
    this.#program = program;
  }

  /** @throws QueueError if the database cannot be used */
  static async open(options: Omit<DatabaseOptions, "role">): Promise<Coordinator> {
    return new Coordinator(await Database.open({ ...options, role: "coordinator" }), options.program);
  }

  /**
   * Has the runs of `blocks` done, until there are no more, or an interrupt comes; then nothing of it is left in the queue.
   *
   * @throws QueueError if the database is away for too long
   */
  async hunt(blocks: Blocks, options: CampaignOptions): Promise<void> {
    const { seeds, version, signal } = options;
    this.#campaign = await beginCampaign(this.#database, this.#program, { version, ...seeds });
    let beatMs = performance.now();
    try {
      while (!signal.aborted) {
        await this.#handOut(blocks, options.timeoutMs);
        if (this.#open.size === 0) return;
        const count = await this.#takeBack(blocks, options);
        if (performance.now() - beatMs > BEAT_MS) {
          beatMs = performance.now();
          await beatCampaign(this.#database, this.#campaign);
          await this.#giveUpDead();
        }
        if (count === 0) await pause(POLL_MS, undefined, { signal }).catch(() => undefined);
      }
    } finally {
      await this.#cancel();
    }
  }

  /** The campaign, for `hunt trends`. */
  async end(status: string, summary: CampaignSummary): Promise<void> {
    await endCampaign(this.#database, this.#campaign, status, summary);
  }

  async close(): Promise<void> {
    await this.#database.close();
  }

  async #handOut(blocks: Blocks, timeoutMs: number): Promise<void> {
    const fresh: OpenJob[] = [];
    while (this.#open.size + fresh.length < JOBS_MAX) {
      const batch = blocks.next(JOB_SEEDS);
      if (batch === undefined) break;
      const job = { campaign: this.#campaign, number: this.#nextNumber++, timeoutMs, keys: [...batch.keys] };
      fresh.push({ id: randomUUID(), job, batch });
    }
    if (fresh.length === 0) return;
    const { boss, queue } = this.#database;
    // Ids are ours, so that asking twice makes no job twice. What completes a block comes before new ones.
    const jobs = fresh.map(({ id, job }) => ({ id, data: job, priority: job.keys[0]?.variant === 0 ? 0 : 1 }));
    await this.#database.ask(() => boss.insert(queue, jobs));
    for (const open of fresh) this.#open.set(open.job.number, open);
  }

  async #takeBack(blocks: Blocks, { onResult, onDispute }: CampaignOptions): Promise<number> {
    const ranges = await doneRanges(this.#database, this.#campaign, [...this.#open.keys()]);
    for (const { number, results, disputed } of ranges) {
      const open = this.#open.get(number);
      if (open === undefined) continue;
      this.#open.delete(number);
      if (disputed) onDispute(open.job.keys);
      for (const result of results) {
        blocks.done(open.batch.block, result);
        onResult(result);
      }
    }
    return ranges.length;
  }

  /** Jobs whose workers died one after the other get a result all the same: that it is unknown. */
  async #giveUpDead(): Promise<void> {
    const { boss, deadQueue } = this.#database;
    const dead = await this.#database.ask(() => boss.findJobs(deadQueue, { data: { campaign: this.#campaign } }));
    for (const { data } of dead) {
      const open = this.#open.get(jobSchema.parse(data).number);
      if (open === undefined) continue;
      const message = `given up: ${TURNS} workers in turn ended, or were silent, before its results came`;
      const results = open.job.keys.map((key) => unfinishedResult(key, "UNKNOWN", message));
      await storeForNobody(this.#database, open.job, results);
    }
  }

  async #cancel(): Promise<void> {
    const ids = [...this.#open.values()].map(({ id }) => id);
    if (ids.length === 0) return;
    const { boss, queue } = this.#database;
    try {
      await this.#database.ask(() => boss.cancel(queue, ids));
    } catch (error) {
      // Where the database is away workers throw them away, once nothing is heard of the campaign any more.
      if (!(error instanceof QueueError)) throw error;
    }
  }
}
