import type { Batch } from "./blocks.ts";
import { BATCH_SEEDS } from "./blocks.ts";
import type { SeedKey, SeedResult } from "./seed-result.ts";

interface OpenJob {
  readonly keys: readonly SeedKey[];
  /** Real time that one run of it may take. */
  readonly seedMsMax: number;
  /** Not handed out yet. */
  readonly waiting: SeedKey[];
  readonly results: Map<string, SeedResult>;
  readonly settle: (results: readonly SeedResult[] | undefined) => void;
}

/** Jobs that come from elsewhere, one after the other, cut into batches for worker threads. */
export class JobBatches {
  readonly #open = new Map<number, OpenJob>();
  readonly #wanting: { readonly waitingMax: number; readonly resolve: () => void }[] = [];
  #more = Promise.withResolvers<void>();
  #nextNumber = 0;
  #ended = false;

  /** Does the runs of a job. @returns their results, in order; `undefined` if `lost` was aborted before all had one */
  async add(
    keys: readonly SeedKey[],
    seedMsMax: number,
    lost: AbortSignal,
  ): Promise<readonly SeedResult[] | undefined> {
    const number = this.#nextNumber++;
    const { promise, resolve } = Promise.withResolvers<readonly SeedResult[] | undefined>();
    this.#open.set(number, { keys, seedMsMax, waiting: [...keys], results: new Map(), settle: resolve });
    const drop = (): void => this.#close(number, undefined);
    lost.addEventListener("abort", drop);
    if (lost.aborted || this.#ended) drop();
    this.#wake();
    const results = await promise;
    lost.removeEventListener("abort", drop);
    return results;
  }

  /** Settles when no more than so many runs wait for a thread. */
  wants(waitingMax: number): Promise<void> {
    if (this.#waitingCount() <= waitingMax) return Promise.resolve();
    return new Promise((resolve) => this.#wanting.push({ waitingMax, resolve }));
  }

  next(): Batch | undefined {
    for (const [block, { waiting, seedMsMax }] of this.#open) {
      if (waiting.length === 0) continue;
      const keys = waiting.splice(0, BATCH_SEEDS);
      this.#tellWanting();
      return { block, keys, seedMsMax };
    }
    return undefined;
  }

  done(block: number, result: SeedResult): void {
    const open = this.#open.get(block);
    // A job that was lost meanwhile.
    if (open === undefined) return;
    open.results.set(keyOf(result), result);
    if (open.results.size === open.keys.length)
      this.#close(
        block,
        open.keys.flatMap((key) => open.results.get(keyOf(key)) ?? []),
      );
  }

  putBack({ block, keys }: Batch): void {
    this.#open.get(block)?.waiting.unshift(...keys);
  }

  /** Settles when another job has come, or none will; `undefined` if none will. */
  more(): Promise<void> | undefined {
    return this.#ended ? undefined : this.#more.promise;
  }

  /** No more jobs come; those that are open are given up. */
  end(): void {
    this.#ended = true;
    for (const number of this.#open.keys()) this.#close(number, undefined);
    this.#wake();
  }

  #close(number: number, results: readonly SeedResult[] | undefined): void {
    const open = this.#open.get(number);
    this.#open.delete(number);
    open?.settle(results);
    this.#tellWanting();
  }

  #wake(): void {
    this.#more.resolve();
    this.#more = Promise.withResolvers();
  }

  #waitingCount(): number {
    let count = 0;
    for (const { waiting } of this.#open.values()) count += waiting.length;
    return count;
  }

  #tellWanting(): void {
    const count = this.#waitingCount();
    for (const wanting of this.#wanting.splice(0))
      if (count <= wanting.waitingMax) wanting.resolve();
      else this.#wanting.push(wanting);
  }
}

function keyOf({ seed, variant }: SeedKey): string {
  return `${seed}+${variant}`;
}
