import { EngineError } from "../errors.ts";
import type { Pair } from "../mirror/pair.ts";
import { requireWritable } from "../restore/restore.ts";
import type { Bitmap } from "../volume/bitmap.ts";
import type { Tap } from "../volume/tap.ts";
import type { ChangeNumber } from "../volume/update.ts";
import type { Journal } from "./journal.ts";
import type { DecidedRecovery } from "./management-table.ts";
import type { JournalPin } from "./moments.ts";

export type RecoveryMethod = DecidedRecovery["method"];

/** How a recovery is taken part in by other systems. */
export interface Company {
  /** The mirror through which the other end told this one to; it needs not hear of what is brought. */
  readonly told?: Tap;
  /** Mirrors whose other end recovers by itself (JR-5). */
  readonly followers?: readonly Pair[];
  /** The moment, as both ends call it; of a recovery that was told, too. */
  readonly number?: ChangeNumber;
}

/** A volume that is to go back to the moment after entry `lsn`. */
export interface GoingBack {
  readonly journal: Journal;
  readonly lsn: number;
  readonly company: Company;
}

/** @throws EngineError JOURNAL_NOT_READY */
export function requireBase(journal: Journal): void {
  const { base } = journal.management.state;
  if (base !== "whole") throw new EngineError("JOURNAL_NOT_READY", { volume: journal.parts.volume.name, base });
}

/** @throws EngineError JOURNAL_NOT_READY, RESTORE_RUNS, NO_ACCESS, JOURNAL_POINT, JOURNAL_MIXTURE */
export function requirePossible(going: GoingBack): void {
  going.journal.parts.volume.requireWhole("recover");
  requireMoment(going);
}

/** The same of a volume that is going back already. @throws EngineError JOURNAL_NOT_READY, NO_ACCESS, JOURNAL_POINT, JOURNAL_MIXTURE */
export function requireMoment({ journal, lsn, company }: GoingBack): void {
  const { volume } = journal.parts;
  requireBase(journal);
  // One that was told follows the other end, whatever hosts may do here.
  if (company.told === undefined) requireWritable(volume);
  journal.moments.resolve({ lsn });
}

/**
 * How one volume goes back. The steps stand in the order in which they are taken, by all volumes of a group
 * together. One durable write, {@link goBack}, is all of it: an error or a crash before leaves the volume as it was,
 * one after it leaves it back (JR-8).
 */
export abstract class VolumeRecovery {
  readonly going: GoingBack;
  abstract readonly method: RecoveryMethod;
  /** Of the moment that begins with {@link goBack}; 0 until then. */
  lsn = 0;
  /** Taps that need not hear of what is brought; mirrors that follow join them when they are told. */
  protected readonly silent: Tap[] = [];
  #pin: JournalPin | undefined;
  /** Where the moment may differ from what the volume has now; known once {@link prepare} has begun. */
  protected changed: Bitmap | undefined;

  constructor(going: GoingBack) {
    this.going = going;
  }

  /** From here on the moment is kept, unless hosts need its room. Follows {@link requirePossible} at once. */
  enter(): void {
    const { journal, lsn } = this.going;
    this.#pin = journal.moments.pin(lsn);
  }

  /** Nothing is under way: what must be durable first. @throws EngineError: nothing happened. @throws DiskError */
  async prepare(): Promise<void> {
    const { journal, lsn, company } = this.going;
    requireBase(journal);
    const changed = journal.moments.changedSince(lsn);
    this.changed = changed;
    journal.moments.hold(lsn);
    await this.prepareContent(changed);
    // Nothing before the moment that begins is ever written in place again.
    await journal.settle();
    this.#lead(company, changed);
    for (const tap of this.lacking) await tap.prepareExchange(changed);
  }

  /** Tells the mirrors how their other ends are to follow. */
  #lead({ followers = [], number }: Company, tracks: Bitmap): void {
    if (number === undefined) return;
    const { method, silent } = this;
    for (const pair of followers) pair.selfRecovery = { number, method, tracks, silent };
  }

  /** Durable: where the content of the moment is to come from. @throws EngineError, DiskError */
  protected abstract prepareContent(changed: Bitmap): Promise<void>;

  /** Taps that do not hear of each change, and must know beforehand where they will differ. */
  protected abstract get lacking(): readonly Tap[];

  /** The volume is back, and {@link lsn} set, when it settles: durably. */
  abstract goBack(): Promise<void>;

  /** Hosts have the moment from here on, and mirrors hear of it. */
  abstract begin(): void;

  /** Settles when the mirrors have what the answer to the operator waits for. */
  async followed(): Promise<void> {}

  protected get isBack(): boolean {
    return this.lsn > 0;
  }

  /** It is under way, or refused. */
  leave(): void {
    const { journal, company } = this.going;
    this.#pin?.release();
    if (this.changed === undefined) return;
    journal.moments.hold(undefined);
    for (const tap of this.lacking) tap.exchangeEnds();
    if (!this.isBack) for (const pair of company.followers ?? []) pair.selfRecovery = undefined;
  }

  /** Settles when everything is in place. */
  abstract run(): Promise<void>;
}
