import { derivedFrom } from "./steer.ts";
import type { SeedKey, SeedResult } from "./seed-result.ts";

/** Seeds that are steered together: which plans are derived is decided within a block, so by its seeds alone. */
export const BLOCK_SEEDS = 128;
/** Seeds that a worker is handed at a time. */
export const BATCH_SEEDS = 8;

/** Inclusive. */
export interface SeedRange {
  readonly from: number;
  readonly to: number;
}

/** One of `of` parts of a campaign, from 1. */
export interface Shard {
  readonly index: number;
  readonly of: number;
}

/** What a worker is handed: some runs of one block. */
export interface Batch {
  readonly block: number;
  readonly keys: readonly SeedKey[];
  /** Real time that one run may take, if it is not as long as any other. */
  readonly seedMsMax?: number;
}

/** The results of a block, in order: its seeds, then the plans derived from them. */
export interface BlockResults {
  readonly block: number;
  /** False if runs of it are missing: the time was over, or an interrupt came. */
  readonly isWhole: boolean;
  readonly results: readonly SeedResult[];
}

interface OpenBlock {
  readonly index: number;
  readonly seeds: readonly SeedKey[];
  derived: readonly SeedKey[] | undefined;
  /** Not handed out yet. */
  readonly waiting: SeedKey[];
  readonly results: Map<string, SeedResult>;
}

/**
 * The runs of a campaign, in an order that does not depend on who does them. Seeds are cut into blocks; when all seeds of
 * a block have their results, the plans derived from them follow, while other blocks go on. So nobody waits for anybody,
 * and the same seeds come to the same runs with any number of workers and of shards.
 */
export class Blocks {
  readonly #range: SeedRange;
  readonly #shard: Shard;
  readonly #onBlock: (block: BlockResults) => void;
  /** Those that are begun and not joined, by index, in order. */
  readonly #open = new Map<number, OpenBlock>();
  #nextBlock = 0;

  /** @param onBlock called once for each block, in order */
  constructor(range: SeedRange, shard: Shard, onBlock: (block: BlockResults) => void) {
    this.#range = range;
    this.#shard = shard;
    this.#onBlock = onBlock;
  }

  /** Runs to be done now, `countMax` at most; `undefined` if there are none, now or ever. */
  next(countMax = BATCH_SEEDS): Batch | undefined {
    for (const { index, waiting } of this.#open.values())
      if (waiting.length > 0) return { block: index, keys: waiting.splice(0, countMax) };
    return this.#begin() ? this.next(countMax) : undefined;
  }

  /** A run of a batch has ended. */
  done(block: number, result: SeedResult): void {
    const open = this.#of(block);
    open.results.set(keyOf(result), result);
    const { seeds, derived, results } = open;
    if (derived === undefined && results.size === seeds.length) {
      open.derived = derivedFrom(inOrder(seeds, results));
      open.waiting.push(...open.derived);
    }
    this.#join(false);
  }

  /** The rest of a batch that its worker could not do. */
  putBack({ block, keys }: Batch): void {
    this.#of(block).waiting.unshift(...keys);
  }

  /** Nothing is done any more: what there is of the blocks that were begun is joined. */
  end(): void {
    this.#join(true);
  }

  #of(block: number): OpenBlock {
    const open = this.#open.get(block);
    if (open === undefined) throw new Error(`block ${block} is not open`);
    return open;
  }

  #begin(): boolean {
    const { from, to } = this.#range;
    while (from + this.#nextBlock * BLOCK_SEEDS <= to) {
      const index = this.#nextBlock++;
      if (index % this.#shard.of !== this.#shard.index - 1) continue;
      const first = from + index * BLOCK_SEEDS;
      const count = Math.min(BLOCK_SEEDS, to - first + 1);
      const seeds = Array.from({ length: count }, (_, at): SeedKey => ({ seed: first + at, variant: 0 }));
      this.#open.set(index, { index, seeds, derived: undefined, waiting: [...seeds], results: new Map() });
      return true;
    }
    return false;
  }

  #join(atEnd: boolean): void {
    for (const [index, { seeds, derived, results }] of this.#open) {
      const isWhole = derived !== undefined && results.size === seeds.length + derived.length;
      if (!isWhole && !atEnd) return;
      this.#open.delete(index);
      this.#onBlock({ block: index, isWhole, results: inOrder([...seeds, ...(derived ?? [])], results) });
    }
  }
}

function inOrder(keys: readonly SeedKey[], results: ReadonlyMap<string, SeedResult>): SeedResult[] {
  return keys.flatMap((key) => results.get(keyOf(key)) ?? []);
}

function keyOf({ seed, variant }: SeedKey): string {
  return `${seed}+${variant}`;
}
