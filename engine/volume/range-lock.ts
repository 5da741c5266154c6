import { assert } from "../assert.ts";

/** A range that is held, or waited for. */
export interface Held {
  readonly start: number;
  readonly end: number;
  /** Resolves the waiter; `undefined` while it holds the lock. */
  grant: (() => void) | undefined;
  /** Its change is on the local disk, and only its acknowledgement is waited for. */
  isPlaced: boolean;
  /** Does not wait for those that are placed. */
  readonly passesPlaced: boolean;
}

/** Of a range that nobody held or waited for when it began. */
export interface Watch {
  readonly start: number;
  readonly end: number;
  /** Somebody has asked for a part of it since. */
  isDisturbed: boolean;
}

/**
 * Serialises requests that overlap, in the order they came; others pass (rule 4). Half-open byte
 * ranges. A volume has few requests in flight, so a list is searched.
 */
export class RangeLock {
  readonly #held: Held[] = [];
  /** Those that nobody has disturbed. */
  readonly #watches = new Set<Watch>();

  /** Requests that hold or wait. */
  get size(): number {
    return this.#held.length;
  }

  /** Settles when no earlier request overlaps. The result gives the range back; call it once. */
  async acquire(start: number, end: number): Promise<() => void> {
    const { mine, turn } = this.#queue(start, end, false);
    if (turn !== undefined) await turn;
    return () => this.release(mine);
  }

  /** As {@link acquire}; {@link release} gives the range back. */
  async hold(start: number, end: number): Promise<Held> {
    const { mine, turn } = this.#queue(start, end, false);
    if (turn !== undefined) await turn;
    return mine;
  }

  /** {@link hold} for a range that nobody before holds or waits for, without a promise; `undefined` for any other. */
  tryHold(start: number, end: number): Held | undefined {
    const mine: Held = { start, end, grant: undefined, isPlaced: false, passesPlaced: false };
    for (const other of this.#held) if (blocks(other, mine)) return undefined;
    this.#add(mine);
    return mine;
  }

  /**
   * Looks after a range without making anybody wait: as long as it is undisturbed, all is as if it had been held since.
   * {@link unwatch} ends it. @returns `undefined` where somebody holds a part of it, or waits for it
   */
  watch(start: number, end: number): Watch | undefined {
    const watch: Watch = { start, end, isDisturbed: false };
    if (this.#held.some((other) => overlap(other, watch))) return undefined;
    this.#watches.add(watch);
    return watch;
  }

  unwatch(watch: Watch): void {
    this.#watches.delete(watch);
  }

  #add(mine: Held): void {
    this.#held.push(mine);
    for (const watch of this.#watches) {
      if (!overlap(mine, watch)) continue;
      watch.isDisturbed = true;
      this.#watches.delete(watch);
    }
  }

  /** `turn`: settles when the range is held; `undefined` if it is. */
  #queue(start: number, end: number, passesPlaced: boolean): { readonly mine: Held; readonly turn?: Promise<void> } {
    const mine: Held = { start, end, grant: undefined, isPlaced: false, passesPlaced };
    const blocked = this.#held.some((other) => blocks(other, mine));
    this.#add(mine);
    if (!blocked) return { mine };
    const turn = new Promise<void>((resolve) => {
      mine.grant = resolve;
    });
    return { mine, turn };
  }

  /** Settles when everything that holds or waits now is done. Later requests wait behind it. */
  async drain(): Promise<() => void> {
    return this.acquire(0, Number.MAX_SAFE_INTEGER);
  }

  /**
   * As {@link drain}, but sooner: what is on the local disk already may still wait for its acknowledgement,
   * which may take as long as the way to another system. It changes nothing on the disk any more.
   */
  async still(): Promise<() => void> {
    const { mine, turn } = this.#queue(0, Number.MAX_SAFE_INTEGER, true);
    if (turn !== undefined) await turn;
    return () => this.release(mine);
  }

  /** What the range was held for is on the local disk; it is held on until that is acknowledged. */
  placed(mine: Held): void {
    mine.isPlaced = true;
    if (this.#held.some(({ passesPlaced }) => passesPlaced)) this.#grantFrom(0);
  }

  release(mine: Held): void {
    const at = this.#held.indexOf(mine);
    assert(at >= 0 && mine.grant === undefined, "a range is released once, by its holder");
    this.#held.splice(at, 1);
    this.#grantFrom(at);
  }

  #grantFrom(at: number): void {
    for (let index = at; index < this.#held.length; index++) {
      const waiter = this.#held[index] as Held;
      if (waiter.grant === undefined || this.#blockedBefore(index)) continue;
      const { grant } = waiter;
      waiter.grant = undefined;
      grant();
    }
  }

  #blockedBefore(index: number): boolean {
    const waiter = this.#held[index] as Held;
    for (let earlier = 0; earlier < index; earlier++) if (blocks(this.#held[earlier] as Held, waiter)) return true;
    return false;
  }
}

function blocks(earlier: Held, waiter: Held): boolean {
  if (earlier.isPlaced && waiter.passesPlaced) return false;
  return overlap(earlier, waiter);
}

function overlap(left: Pick<Held, "start" | "end">, right: Pick<Held, "start" | "end">): boolean {
  return left.start < right.end && right.start < left.end;
}
