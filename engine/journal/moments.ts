import { EngineError } from "../errors.ts";
import { DiskError } from "../ports/index.ts";
import type { Bitmap } from "../volume/bitmap.ts";
import type { Journal } from "./journal.ts";
import { readOverlaid } from "./journal-reader.ts";

/** Moments that can be recovered: after each entry from the oldest to the newest (JR-7), but mixtures. */
export interface JournalWindow {
  readonly oldestLsn: number;
  readonly newestLsn: number;
  /** As {@link JournalClock} counts. */
  readonly oldestTimeUs: number;
  readonly nowUs: number;
}

/** What an operator asks for: the moment after an entry, or a time. */
export type RecoveryPoint = { readonly lsn: number } | { readonly timeUs: number };

/** A moment that somebody wants to keep. */
export interface JournalPin {
  readonly lsn: number;
  /** True once the journal had to go past it: its space was needed. */
  readonly lost: boolean;
  release(): void;
}

/** The earlier moments of a volume, as its journal and its base hold them (JR-7). */
export class Moments {
  readonly #journal: Journal;
  readonly #pins = new Set<Pin>();
  #heldLsn = Infinity;

  constructor(journal: Journal) {
    this.#journal = journal;
  }

  get isRecoverable(): boolean {
    return this.#journal.management.state.base === "whole";
  }

  get window(): JournalWindow {
    const { state } = this.#journal.management;
    // Not only what is in the volume: whoever was told that a change is done may name no moment before it.
    const { newestLsn } = this.#journal.table;
    const nowUs = this.#journal.parts.clock.nowUs();
    if (!this.isRecoverable) return { oldestLsn: newestLsn + 1, newestLsn, oldestTimeUs: nowUs, nowUs };
    const oldestLsn = this.#journal.table.oldestLsn(state.foldLsn);
    const oldestTimeUs = oldestLsn === state.foldLsn ? state.foldTimeUs : this.#journal.table.entry(oldestLsn).timeUs;
    return { oldestLsn, newestLsn, oldestTimeUs, nowUs };
  }

  /**
   * The entry that a moment is after.
   * @throws EngineError JOURNAL_POINT, JOURNAL_MIXTURE if it cannot be recovered
   */
  resolve(to: RecoveryPoint): number {
    const { window } = this;
    const { oldestLsn, newestLsn, oldestTimeUs, nowUs } = window;
    const { name } = this.#journal.parts.volume;
    const asked = "lsn" in to ? `lsn ${to.lsn}` : `time ${to.timeUs}`;
    const refusal = new EngineError("JOURNAL_POINT", { volume: name, asked, ...window });
    if ("timeUs" in to && (to.timeUs < oldestTimeUs || to.timeUs > nowUs)) throw refusal;
    const lsn = "lsn" in to ? to.lsn : this.#journal.table.atTime(to.timeUs);
    if (lsn < oldestLsn || lsn > newestLsn) throw refusal;
    if (!this.#isMixed(lsn)) return lsn;
    const beforeLsn = this.#nearest(lsn, -1, oldestLsn, newestLsn);
    const afterLsn = this.#nearest(lsn, 1, oldestLsn, newestLsn);
    throw new EngineError("JOURNAL_MIXTURE", { volume: name, asked, beforeLsn, afterLsn });
  }

  /** Whether other content was on its way into the volume at a moment of the window. */
  #isMixed(lsn: number): boolean {
    const { table, management } = this.#journal;
    return lsn === table.baseLsn ? management.state.foldMixed : table.entry(lsn).mixed;
  }

  #nearest(from: number, step: 1 | -1, oldestLsn: number, newestLsn: number): number | "none" {
    for (let lsn = from + step; lsn >= oldestLsn && lsn <= newestLsn; lsn += step) if (!this.#isMixed(lsn)) return lsn;
    return "none";
  }

  /** What the volume held after entry `lsn`. @throws EngineError JOURNAL_POINT. @throws DiskError */
  async readAt(lsn: number, offsetBytes: number, lengthBytes: number): Promise<Uint8Array> {
    return this.#read(this.resolve({ lsn }), offsetBytes, lengthBytes);
  }

  /** What the volume holds by its journal: all that is done. @throws DiskError */
  async readNewest(offsetBytes: number, lengthBytes: number): Promise<Uint8Array> {
    // Without the base nothing is better than something else.
    if (!this.isRecoverable) throw new DiskError("EIO", offsetBytes, lengthBytes);
    return this.#read(this.#journal.table.newestLsn, offsetBytes, lengthBytes);
  }

  async #read(lsn: number, offsetBytes: number, lengthBytes: number): Promise<Uint8Array> {
    const way = this.#journal.table.wayTo(lsn);
    const { disk } = this.#journal.parts.base;
    return this.#journal.fold.reading(readOverlaid(disk, this.#journal.log, way, offsetBytes, lengthBytes));
  }

  /**
   * The tracks of which the volume may hold something else than at a moment, also where nobody knows what it holds.
   * @throws EngineError JOURNAL_POINT
   */
  changedSince(lsn: number): Bitmap {
    const { parts, table, unsure } = this.#journal;
    const { trackBytes, trackCount } = parts.volume;
    const changed = table.changed(this.resolve({ lsn }), table.newestLsn, trackBytes, trackCount);
    unsure.addTo(changed);
    return changed;
  }

  /**
   * Keeps a moment: folding does not pass it unless records wait for its space.
   * @param onLost told in the step in which it is lost
   * @throws EngineError JOURNAL_POINT
   */
  pin(lsn: number, onLost: () => void = () => {}): JournalPin {
    const release = (): void => {
      this.#pins.delete(pin);
      this.#journal.fold.poke();
    };
    const pin = new Pin(this.resolve({ lsn }), release, onLost);
    this.#pins.add(pin);
    return pin;
  }

  /** Folding must not pass `lsn`, come what may, until this is called again. Only while no change is under way. */
  hold(lsn: number | undefined): void {
    this.#heldLsn = lsn ?? Infinity;
    this.#journal.fold.poke();
  }

  /** The last moment that folding should leave. */
  keepLsn(): number {
    let keepLsn = this.#heldLsn;
    for (const pin of this.#pins) keepLsn = Math.min(keepLsn, pin.lsn);
    return keepLsn;
  }

  /** Pins before this entry are lost: its space is needed, or the base goes past them. */
  giveUp(beforeLsn: number): void {
    for (const pin of this.#pins) {
      if (pin.lsn >= beforeLsn) continue;
      pin.lost = true;
      this.#pins.delete(pin);
      pin.onLost();
      const { volume, runtime } = this.#journal.parts;
      runtime.log.step("journal.pin.lost", { volume: volume.name, lsn: pin.lsn });
    }
  }
}

class Pin implements JournalPin {
  readonly lsn: number;
  lost = false;
  readonly onLost: () => void;
  readonly #release: () => void;

  constructor(lsn: number, release: () => void, onLost: () => void) {
    this.lsn = lsn;
    this.#release = release;
    this.onLost = onLost;
  }

  release(): void {
    this.#release();
  }
}
