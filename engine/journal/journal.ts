import { assert } from "../assert.ts";
import { EngineError } from "../errors.ts";
import type { Runtime } from "../runtime.ts";
import type { Bitmap } from "../volume/bitmap.ts";
import { HostHold } from "../volume/host-hold.ts";
import { isMixture, Tap } from "../volume/tap.ts";
import type { ChangeNumber } from "../volume/update.ts";
import type { Update, Volume } from "../volume/volume.ts";
import type { RunningRecovery } from "./apply.ts";
import { followVolume, learnVolume } from "./failed-change.ts";
import { Fold } from "./fold.ts";
import type { JournalClock } from "./journal-clock.ts";
import { headBytes, logAreaBytes, logBytesMin } from "./log-layout.ts";
import { LogArea } from "./log-area.ts";
import { type JournalEntry, LogTable } from "./log-table.ts";
import { LogWriter, type NewRecord, recordOf } from "./log-writer.ts";
import { freshState, ManagementTable } from "./management-table.ts";
import { Moments } from "./moments.ts";
import { UnsureTracks } from "./unsure-tracks.ts";

export interface JournalParts {
  readonly volume: Volume;
  readonly log: Volume;
  readonly base: Volume;
  /** Volumes whose journals belong together; "" for one by itself. */
  readonly group?: string;
  /** Of the group, if there is one. */
  readonly clock: JournalClock;
  readonly runtime: Runtime;
}

/**
 * The journal of a volume (JR-1): every change is in its log, durably and with a number (JR-3), before a
 * byte of it is written in place. Together with the base, an image of the volume as of an earlier
 * entry, that is the content of every moment since.
 */
export class Journal extends Tap {
  readonly parts: JournalParts;
  readonly management: ManagementTable;
  readonly table: LogTable;
  readonly log: LogWriter;
  readonly fold: Fold;
  readonly moments: Moments;
  readonly unsure: UnsureTracks;
  readonly #entries = new Map<Update, JournalEntry>();
  /** Prepared and not committed, in the order of their numbers. */
  readonly #uncommitted = new Set<JournalEntry>();
  readonly #turns: (() => void)[] = [];
  readonly #changes = new Map<JournalEntry, () => void>();
  /** From the command of a recovery on: what hosts write then is after the moment. */
  readonly hosts = new HostHold();
  /** The recovery that runs. */
  recovery: RunningRecovery | undefined;
  /** Disks of volume and base are exchanged now. */
  isExchanged = false;
  /** Where base and volume may differ although the base is none; `undefined`: anywhere. */
  baseBehind: Bitmap | undefined;
  /** The base is none any more and must be made anew. */
  onStale: () => void = () => {};
  #settledLsn = 0;
  /** What the last record that was asked for says. */
  #mixed = false;

  private constructor(parts: JournalParts, management: ManagementTable, table: LogTable) {
    super();
    this.parts = parts;
    this.management = management;
    this.table = table;
    this.moments = new Moments(this);
    const { volume, log, runtime } = parts;
    this.unsure = new UnsureTracks(management, volume);
    const areaStartBytes = headBytes(volume);
    const areaBytes = logAreaBytes(parts);
    const { state } = management;
    this.log = new LogWriter(
      {
        area: new LogArea(log.disk, areaStartBytes, areaBytes, runtime.clock, runtime.log),
        table,
        journalId: state.journalId,
        incarnation: state.incarnation,
        clock: parts.clock,
        settledLsn: () => this.#settledLsn,
        makeRoom: () => this.fold.poke(),
        spawn: (work) => runtime.tasks.spawn(work),
      },
      state.headPosition,
    );
    this.fold = new Fold({
      name: volume.name,
      base: () => parts.base.disk,
      logBytes: areaBytes,
      table,
      log: this.log,
      management,
      runtime,
      settle: () => this.settle(),
      keep: () => this.moments.keepLsn(),
      giveUp: (lsn) => this.moments.giveUp(lsn),
      onSkipped: () => {
        this.baseBehind = undefined;
      },
      onUnreadable: () => {
        this.baseBehind = undefined;
        this.onStale();
      },
    });
  }

  /**
   * Reads the journal, or makes a new one. Nothing of the volume changes.
   * @throws EngineError META_CORRUPT, JOURNAL_TOO_SMALL, JOURNAL_MISFIT. @throws DiskError
   */
  static async open(parts: JournalParts): Promise<Journal> {
    const { volume, log, base, runtime, group = "" } = parts;
    const neededBytes = logBytesMin(volume);
    if (log.sizeBytes < neededBytes)
      throw new EngineError("JOURNAL_TOO_SMALL", { volume: log.name, neededBytes, sizeBytes: log.sizeBytes });
    if (base.sizeBytes !== volume.sizeBytes)
      throw new EngineError("JOURNAL_MISFIT", {
        volume: volume.name,
        found: `base of ${base.sizeBytes} bytes`,
        expected: `${volume.sizeBytes}`,
      });
    const { clock } = runtime;
    const management = await ManagementTable.open(
      () =>
        freshState({
          journalId: runtime.random.next32(),
          volume: volume.name,
          baseVolume: base.name,
          group,
          foldTimeUs: parts.clock.nowUs(),
        }),
      log.disk,
      clock,
      runtime.log,
    );
    const { state } = management;
    if (state.volume !== volume.name || state.baseVolume !== base.name)
      throw new EngineError("JOURNAL_MISFIT", {
        volume: volume.name,
        found: `journal of ${state.volume} on ${state.baseVolume}`,
        expected: `${volume.name} on ${base.name}`,
      });
    state.incarnation++;
    state.group = group;
    await management.persist();
    if (state.swapped) volume.exchangeDisk(base);
    const journal = new Journal(parts, management, new LogTable(state.baseLsn));
    journal.isExchanged = state.swapped;
    await journal.#load();
    return journal;
  }

  async #load(): Promise<void> {
    const { state } = this.management;
    this.parts.clock.reached(state.foldTimeUs);
    this.#settledLsn = Math.max(state.baseLsn, await this.log.scan(state.headIncarnation));
    const { volume, runtime } = this.parts;
    const newestLsn = this.table.newestLsn;
    if (newestLsn < state.foldLsn) {
      // The log lost what was durable in it: what was being folded cannot be.
      state.base = "stale";
      state.foldLsn = newestLsn;
    }
    this.#mixed = newestLsn > this.table.baseLsn ? this.table.entry(newestLsn).mixed : state.foldMixed;
    runtime.log.step("journal.loaded", { volume: volume.name, oldest: state.foldLsn, newest: newestLsn });
  }

  // --- the data path --------------------------------------------------------------------------

  override holding(): Promise<void> | undefined {
    return this.hosts.holding;
  }

  /** Durable in the log when it settles (JR-3). While the log is full, it waits. */
  override prepare(update: Update): Promise<void> {
    return this.#append(update);
  }

  async #append(update: Update): Promise<void> {
    const entry = await this.append(recordOf(update));
    this.#entries.set(update, entry);
    this.#uncommitted.add(entry);
    this.fold.poke();
  }

  /** Changes happen, and go to the other end, in the order of their numbers: so they are in one order at both. */
  override ready(_payloadBytes: number, update: Update): Promise<void> | undefined {
    const entry = this.#entries.get(update);
    const [first] = this.#uncommitted;
    if (first === entry) return undefined;
    return new Promise((resolve) => {
      this.#turns.push(resolve);
    });
  }

  #nextTurn(entry: JournalEntry): void {
    this.#uncommitted.delete(entry);
    for (const wake of this.#turns.splice(0)) wake();
  }

  override abandon(update: Update): Promise<void> | undefined {
    const entry = this.#entries.get(update);
    // What comes first could not be prepared: the change has no entry.
    if (entry === undefined) return undefined;
    this.#entries.delete(update);
    this.#nextTurn(entry);
    return this.log.void(entry).then(() => this.fold.poke());
  }

  override commit(update: Update): Promise<void> | undefined {
    const entry = this.#entries.get(update);
    assert(entry !== undefined, "a change is in the journal before it happens");
    this.#nextTurn(entry);
    return new Promise((resolve) => {
      this.#changes.set(entry, resolve);
    });
  }

  override written(update: Update): undefined {
    this.#finish(update);
  }

  #finish(update: Update): void {
    const entry = this.#entries.get(update);
    assert(entry !== undefined, "a change is in the journal before it is in place");
    this.#entries.delete(update);
    this.log.done(entry, this.parts.volume.tick);
    this.#changes.get(entry)?.();
    this.#changes.delete(entry);
    this.fold.poke();
  }

  /** The range may hold old or new. Hosts hear of the failure when the journal says which. */
  override failed(_first: number, _last: number, update: Update): void {
    const entry = this.#entries.get(update);
    assert(entry !== undefined, "a change that failed is in the journal");
    const handling = followVolume(this, entry).finally(() => this.#finish(update));
    this.parts.runtime.tasks.spawn(this.unsure.follow(entry, handling));
  }

  override prepareRead(first: number, last: number): Promise<void> | undefined {
    return this.unsure.touches(first, last) ? learnVolume(this, first, last) : undefined;
  }

  /** A record of what the volume holds, which it says may be a mixture. Durable when it settles. */
  append(record: NewRecord): Promise<JournalEntry> {
    this.#mixed = isMixture(this.parts.volume.taps);
    return this.log.append({ ...record, mixed: this.#mixed });
  }

  /**
   * Sees to it that the newest moment is told from a mixture, or is known as one. Durable when it settles.
   * @param mixed what the volume is, if it is not yet, or not any more, what its taps say
   */
  async mark(mixed: boolean = isMixture(this.parts.volume.taps)): Promise<void> {
    if (this.#mixed === mixed) return;
    this.#mixed = mixed;
    const { lsn } = await this.log.append({ kind: "mark", offsetBytes: 0, lengthBytes: 0, mixed });
    this.parts.runtime.log.step("journal.marked", { volume: this.parts.volume.name, lsn, mixed });
  }

  /**
   * The volume is what it was after an entry. Durable when it settles. @returns the number of the rewind
   * @param number of the moment, if the other end went back to it, and this one follows
   */
  async rewind(targetLsn: number, number: ChangeNumber | undefined): Promise<number> {
    this.#mixed = false;
    const numbered = number === undefined ? {} : { number };
    const { lsn } = await this.log.append({ kind: "rewind", offsetBytes: 0, lengthBytes: 0, targetLsn, ...numbered });
    const { state } = this.management;
    state.rewindLsn = lsn;
    state.rewindTold = number !== undefined;
    return lsn;
  }

  /** How this change is called, while it happens. */
  numberOf(update: Update): ChangeNumber {
    const entry = this.#entries.get(update);
    assert(entry !== undefined, "what is numbered is in the journal, and happens now");
    return { journalId: this.management.state.journalId, lsn: entry.lsn };
  }

  // --- what is durable in the volume ------------------------------------------------------------

  override get activeCount(): number {
    return this.table.doneLsn - this.#settledLsn;
  }

  override retire(): void {
    this.#settleTo(this.parts.volume.flushedTick);
  }

  #settleTo(tick: number): void {
    const { doneLsn } = this.table;
    while (this.#settledLsn < doneLsn && this.table.entry(this.#settledLsn + 1).tick <= tick) this.#settledLsn++;
  }

  /** Makes everything that is done durable in the volume. @throws DiskError */
  async settle(): Promise<void> {
    const { volume } = this.parts;
    const { tick } = volume;
    await volume.disk.flush();
    this.#settleTo(tick);
  }

  get settledLsn(): number {
    return this.#settledLsn;
  }

  /** After a start: everything up to `lsn` is in the volume now, and durable when it settles. @throws DiskError */
  async replayed(lsn: number): Promise<void> {
    for (let done = this.#settledLsn + 1; done <= lsn; done++) this.table.entry(done).tick = this.parts.volume.tick;
    await this.settle();
  }

  // --- room ----------------------------------------------------------------------------------------

  /** Settles when a rewind has room. */
  async rewindRoom(): Promise<void> {
    while (!this.log.hasRewindRoom) {
      this.fold.poke();
      await this.fold.nextRound();
    }
  }

  /**
   * The volume's content is that of the base, in one durable step (JR-6): their disks are exchanged, and the log
   * begins anew. Only while nothing is under way. {@link exchangeInMemory} follows; after a crash it has happened.
   */
  async exchangeDurably(): Promise<void> {
    const { state } = this.management;
    const { newestLsn } = this.table;
    this.management.emptyLog(this.table.endOf(newestLsn, state.headPosition));
    // A number of its own for the moment that begins here.
    state.baseLsn = newestLsn + 1;
    state.foldLsn = state.baseLsn;
    state.foldTimeUs = this.parts.clock.nextUs();
    state.foldMixed = false;
    state.base = "stale";
    state.swapped = !state.swapped;
    this.unsure.clear();
    await this.management.persist();
  }

  /** The other half of {@link exchangeDurably}. @param changed where the two differ; `undefined`: anywhere */
  exchangeInMemory(changed: Bitmap | undefined): void {
    const { state } = this.management;
    const { volume, base } = this.parts;
    volume.exchangeDisk(base);
    this.isExchanged = state.swapped;
    this.table.restartAt(state.baseLsn);
    this.#settledLsn = state.baseLsn;
    this.log.free(state.headPosition);
    this.baseBehind = changed;
    this.#mixed = false;
  }

  override get allowsExchange(): boolean {
    return true;
  }

  /** The base, made anew, is the volume as of now; earlier moments are gone. Only while nothing is under way. */
  async beginAnew(): Promise<void> {
    const { state } = this.management;
    const { newestLsn } = this.table;
    this.management.emptyLog(this.table.endOf(newestLsn, state.headPosition));
    state.base = "copying";
    state.baseLsn = newestLsn;
    state.foldLsn = newestLsn;
    state.foldTimeUs = this.parts.clock.nowUs();
    // Also before the first byte of the other content: then no moment since is told from it.
    this.#mixed ||= isMixture(this.parts.volume.taps);
    state.foldMixed = this.#mixed;
    this.unsure.clear();
    await this.management.persist();
    this.table.dropTo(newestLsn);
    this.moments.giveUp(newestLsn);
    this.log.free(state.headPosition);
  }
}
