import { setTimeout as pause } from "node:timers/promises";
import { z } from "zod";
import type { SeedResult } from "../hunt/seed-result.ts";
import { jobState, requireSameProgram } from "./campaigns.ts";
import { Database, type DatabaseOptions } from "./database.ts";
import { BEAT_MS, type HeldJob, type Job, jobSchema } from "./jobs.ts";
import { type StoreEnd, storeRange } from "./ranges.ts";

export interface ServeOptions extends Omit<DatabaseOptions, "role"> {
  /** Who it is, for people. */
  readonly name: string;
  /** Ends when there was nothing to do for so long; never, if left out. */
  readonly idleMsMax?: number;
  /** Settles when another job is wanted. */
  readonly wants: () => Promise<void>;
  /** Does the runs of a job. @returns `undefined` if they were given up: the lease was lost, or an interrupt came */
  readonly run: (job: Job, lost: AbortSignal) => Promise<readonly SeedResult[] | undefined>;
  readonly onBegin: (job: Job) => void;
  readonly onEnd: (job: Job, end: StoreEnd | "given up") => void;
}

/** How often an idle worker asks: often at first, as a campaign may just be about to begin. */
const POLL_MS = 250;
const POLL_SELDOM_MS = 2_000;
const SELDOM_AFTER_MS = 10_000;

interface Turn {
  readonly held: HeldJob;
  readonly lost: AbortController;
}

/**
 * Takes jobs from the queue, has them done and stores their results, until it was idle for long, or an interrupt comes;
 * then it hands back what it has.
 *
 * @throws QueueError if the database cannot be used, or what is under way there is for workers of another program only
 */
export async function serveQueue(options: ServeOptions): Promise<void> {
  const database = await Database.open({ ...options, role: "worker" });
  const server = new Server(database, options);
  try {
    await server.serve();
  } finally {
    await database.close();
  }
}

class Server {
  readonly #database: Database;
  readonly #options: ServeOptions;
  /** By job and turn: a lease that ran out may come back to the same worker. */
  readonly #turns = new Map<string, Turn>();
  readonly #running = new Set<Promise<void>>();
  /** Aborted by an interrupt, or by the first error of any part. */
  readonly #stop = new AbortController();
  readonly #signal: AbortSignal;
  #error: Error | undefined;

  constructor(database: Database, options: ServeOptions) {
    this.#database = database;
    this.#options = options;
    this.#signal = AbortSignal.any([options.signal, this.#stop.signal]);
    this.#signal.addEventListener("abort", () => {
      for (const { lost } of this.#turns.values()) lost.abort();
    });
  }

  async serve(): Promise<void> {
    const beating = this.#guarded(() => this.#beat());
    await this.#guarded(() => this.#take());
    // Beats go on until the last job is stored, or handed back.
    while (this.#running.size > 0) await Promise.all(this.#running);
    this.#stop.abort();
    await beating;
    if (this.#error !== undefined) throw this.#error;
  }

  async #guarded(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#error ??= error instanceof Error ? error : new Error(String(error));
      this.#stop.abort();
    }
  }

  async #take(): Promise<void> {
    const { url, program, wants, idleMsMax = Number.POSITIVE_INFINITY } = this.#options;
    const stopped = new Promise<void>((resolve) => {
      if (this.#signal.aborted) resolve();
      else this.#signal.addEventListener("abort", () => resolve(), { once: true });
    });
    let busyMs = performance.now();
    while (!this.#signal.aborted) {
      await Promise.race([wants(), stopped]);
      if (this.#signal.aborted) return;
      // Before a job is taken, so that none is by a worker that has to go.
      if (this.#running.size === 0) await requireSameProgram(this.#database, `--queue ${url.shown}`, program);
      const held = await this.#fetch();
      if (held !== undefined) this.#begin(held);
      if (held !== undefined || this.#running.size > 0) busyMs = performance.now();
      const idleMs = performance.now() - busyMs;
      if (idleMs >= idleMsMax) return;
      if (held === undefined) await this.#pause(idleMs < SELDOM_AFTER_MS ? POLL_MS : POLL_SELDOM_MS);
    }
  }

  async #fetch(): Promise<HeldJob | undefined> {
    const { boss, queue } = this.#database;
    while (!this.#signal.aborted) {
      const [fetched] = await this.#database.ask(() => boss.fetch(queue));
      if (fetched === undefined) return undefined;
      const { id, retryCount, data } = fetched;
      const job = jobSchema.parse(data);
      const state = await jobState(this.#database, job);
      if (state === "wanted") return { id, retryCount, job };
      const turn = { id, retryCount };
      await this.#database.ask(() => (state === "stored" ? boss.complete(queue, turn) : boss.cancel(queue, turn)));
    }
    return undefined;
  }

  #begin(held: HeldJob): void {
    const turn = { held, lost: new AbortController() };
    if (this.#signal.aborted) turn.lost.abort();
    this.#turns.set(turnKey(held), turn);
    this.#options.onBegin(held.job);
    const running = this.#guarded(() => this.#do(turn)).finally(() => {
      this.#turns.delete(turnKey(held));
      this.#running.delete(running);
    });
    this.#running.add(running);
  }

  async #do({ held, lost }: Turn): Promise<void> {
    const { name, run, onEnd } = this.#options;
    const results = await run(held.job, lost.signal);
    if (results !== undefined) {
      onEnd(held.job, await storeRange(this.#database, name, held, results));
      return;
    }
    onEnd(held.job, "given up");
    const { boss, queue } = this.#database;
    const attempt = { id: held.id, retryCount: held.retryCount };
    // Whose turn it is no more does nothing by this.
    await this.#database.ask(() => boss.fail(queue, attempt, { message: `${name} was interrupted` }));
  }

  async #beat(): Promise<void> {
    const { boss, queue } = this.#database;
    while (!this.#stop.signal.aborted) {
      await pause(BEAT_MS, undefined, { signal: this.#stop.signal }).catch(() => undefined);
      const turns = [...this.#turns.values()];
      if (turns.length === 0) continue;
      const attempts = turns.map(({ held: { id, retryCount } }) => ({ id, retryCount }));
      const { settled } = touchedSchema.parse(await this.#database.ask(() => boss.touch(queue, attempts)));
      const mine = new Set(settled);
      for (const { held, lost } of turns) if (!mine.has(held.id)) lost.abort();
    }
  }

  async #pause(ms: number): Promise<void> {
    await pause(ms, undefined, { signal: this.#signal }).catch(() => undefined);
  }
}

/** What pg-boss answers, which its types leave open. */
const touchedSchema = z.object({ settled: z.array(z.string()) });

function turnKey({ id, retryCount }: HeldJob): string {
  return `${id}:${retryCount}`;
}
