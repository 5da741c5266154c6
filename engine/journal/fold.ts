import { assert } from "../assert.ts";
import { handled } from "../handled.ts";
import { type Disk, DiskError, NS_PER_MS, sleep } from "../ports/index.ts";
import type { Runtime } from "../runtime.ts";
import { CodecError } from "../wire/byte-codec.ts";
import type { JournalEntry, LogTable } from "./log-table.ts";
import type { LogWriter } from "./log-writer.ts";
import type { ManagementTable } from "./management-table.ts";

/** Folding begins when this part of the log is used, and goes on until the other is. */
const HIGH_WATER = 7 / 8;
const LOW_WATER = 3 / 4;
/** Entries, and bytes of log, that are folded at once. */
const ENTRIES_MAX = 64;
const BYTES_MAX = 1024 * 1024;
const RETRY_NS = 100 * NS_PER_MS;

export interface FoldParts {
  readonly name: string;
  readonly base: () => Disk;
  readonly logBytes: number;
  readonly table: LogTable;
  readonly log: LogWriter;
  readonly management: ManagementTable;
  readonly runtime: Runtime;
  /** Makes everything that is done durable in the volume. @throws DiskError */
  readonly settle: () => Promise<void>;
  /** The moment that folding should not pass; `Infinity` for none. */
  readonly keep: () => number;
  /** It must pass it all the same: there is no other room. */
  readonly giveUp: (beforeLsn: number) => void;
  /** An entry left the log while there was no base to take it. */
  readonly onSkipped: () => void;
  /** The log does not hold what was written to it: the base is none any more. */
  readonly onUnreadable: () => void;
}

/**
 * Moves the oldest entries into the base (JR-7). What is being folded is no moment any more before a byte of
 * the base changes, and the base counts as advanced only when it is durable; after a crash the same
 * entries are folded again, to the same end.
 */
export class Fold {
  readonly #parts: FoldParts;
  readonly #readers = new Set<Promise<unknown>>();
  #running = false;
  /** A round, or somebody who must be alone. */
  #busy: Promise<unknown> = Promise.resolve();
  readonly #waiters: (() => void)[] = [];

  constructor(parts: FoldParts) {
    this.#parts = parts;
  }

  /** Reads of earlier moments, which must end before what they read goes. */
  async reading<T>(read: Promise<T>): Promise<T> {
    this.#readers.add(read);
    try {
      return await read;
    } finally {
      this.#readers.delete(read);
    }
  }

  async #readersDone(): Promise<void> {
    await Promise.allSettled(this.#readers);
  }

  /** Looks whether there is something to do. */
  poke(): void {
    this.#wake();
    if (this.#running || !this.#needed()) return;
    this.#running = true;
    this.#parts.runtime.tasks.spawn(this.#run());
  }

  /** `work` while nothing is folded. */
  exclusive<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#busy.then(work);
    this.#busy = result.catch(() => {});
    return result;
  }

  /** Settles after the next round, or when an entry is done. */
  nextRound(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiters.push(resolve);
    });
  }

  /**
   * Folds up to entry `lsn`, on the way to the newest moment, and not past it; whoever keeps an earlier one loses it.
   * Only while nothing is under way.
   * @throws DiskError
   */
  async advanceTo(lsn: number): Promise<void> {
    const { state } = this.#parts.management;
    // Also if there is nothing to fold: a round that has come so far may be about to end.
    await this.exclusive(async () => {
      while (state.baseLsn < lsn) {
        const round = await this.#round(lsn);
        // No restore needs a moment before one that is folded to.
        assert(round === "done", "while nothing is under way, every entry can be folded");
        this.#wake();
      }
    });
  }

  #wake(): void {
    for (const wake of this.#waiters.splice(0)) wake();
  }

  #needed(): boolean {
    const { log, logBytes, management } = this.#parts;
    const { baseLsn, foldLsn } = management.state;
    if (foldLsn > baseLsn || log.wantedBytes > 0 || !log.hasRewindRoom) return true;
    return log.usedBytes > logBytes * (this.#running ? LOW_WATER : HIGH_WATER);
  }

  async #run(): Promise<void> {
    while (this.#needed()) {
      try {
        const round = await this.exclusive(() => this.#round());
        if (round === "none") break;
        if (round === "wait") await this.nextRound();
        else this.#wake();
      } catch (error) {
        const { code } = handled(error, DiskError);
        this.#parts.runtime.log.step("journal.fold.failed", { volume: this.#parts.name, code });
        await sleep(this.#parts.runtime.clock, RETRY_NS);
      }
    }
    this.#running = false;
  }

  /** @returns `none` if nothing may be folded now, `wait` if an entry must be done first. @throws DiskError */
  async #round(lastLsn = Infinity): Promise<"done" | "none" | "wait"> {
    const { management, table } = this.#parts;
    const { state } = management;
    if (state.foldLsn === state.baseLsn) {
      const toLsn = this.#choose(lastLsn);
      if (toLsn === "wait") return "wait";
      if (toLsn === undefined) return "none";
      const { timeUs, mixed } = table.entry(toLsn);
      state.foldTimeUs = timeUs;
      state.foldMixed = mixed;
      state.foldLsn = toLsn;
      await management.persist();
    }
    await this.#readersDone();
    await this.#apply();
    return "done";
  }

  /** How far to fold next, along the way to the newest moment. */
  #choose(lastLsn: number): number | "wait" | undefined {
    const { table, log, keep, giveUp } = this.#parts;
    let toLsn: number | undefined;
    let keepLsn = keep();
    let bytes = 0;
    let count = 0;
    for (const entry of this.#way()) {
      if (entry.lsn > lastLsn) return toLsn;
      if (!entry.done) return toLsn ?? "wait";
      if (entry.lsn > keepLsn) {
        // Before a moment that is folded to none is kept: all of them go with the swap.
        if (toLsn !== undefined || (log.wantedBytes === 0 && lastLsn === Infinity)) return toLsn;
        giveUp(entry.lsn);
        keepLsn = keep();
        if (entry.lsn > keepLsn) return toLsn;
      }
      bytes += entry.dataBytes;
      count++;
      if (toLsn !== undefined && (bytes > BYTES_MAX || count > ENTRIES_MAX)) return toLsn;
      // Otherwise what is in flight before it would be taken for durable. A rewind leaves nothing in flight behind.
      assert(entry.lsn <= table.doneLsn, "what is off the way to the newest moment is done");
      toLsn = entry.lsn;
    }
    return toLsn;
  }

  /** Oldest first. */
  #way(): JournalEntry[] {
    return this.#parts.table.wayTo(this.#parts.table.newestLsn).toReversed();
  }

  /** @throws DiskError: it may be tried again */
  async #apply(): Promise<void> {
    const { management, table, log, runtime, name, settle } = this.#parts;
    const { state } = management;
    const base = this.#parts.base();
    // What leaves the log must be in the volume for good: after a crash nobody could write it again.
    await settle();
    let folded = 0;
    for (const entry of this.#way()) {
      if (entry.lsn > state.foldLsn) break;
      folded++;
      // What is not an image is none the better for it; its making begins with the volume as it is then.
      if (state.base === "stale") {
        this.#parts.onSkipped();
        continue;
      }
      if (entry.kind === "write") await this.#applyWrite(base, entry);
      else if (entry.kind === "zero") await base.trim(entry.offsetBytes, entry.lengthBytes);
    }
    if (state.base !== "stale") await base.flush();
    const headPosition = table.endOf(state.foldLsn, state.headPosition);
    state.headPosition = headPosition;
    state.headIncarnation = table.entry(state.foldLsn).incarnation;
    state.baseLsn = state.foldLsn;
    await management.persist();
    table.dropTo(state.baseLsn);
    await this.#readersDone();
    log.free(headPosition);
    runtime.log.step("journal.folded", { volume: name, lsn: state.baseLsn, entries: folded });
  }

  async #applyWrite(base: Disk, entry: JournalEntry): Promise<void> {
    const { log, management, runtime, name, onUnreadable } = this.#parts;
    try {
      await base.write(entry.offsetBytes, await log.read(entry));
    } catch (error) {
      handled(error, CodecError);
      runtime.log.step("journal.unreadable", { volume: name, lsn: entry.lsn });
      management.state.base = "stale";
      onUnreadable();
    }
  }
}
