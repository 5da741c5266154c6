import { assert } from "../assert.ts";
import { Bitmap } from "../volume/bitmap.ts";
import type { ChangeNumber } from "../volume/update.ts";
import type { JournalRecord } from "./journal-record.ts";
import { RECORD_HEADER_BYTES } from "./journal-record.ts";

/** A line of the journal log table (JR-2): sequence number, location of header and data. */
export interface JournalEntry extends Omit<JournalRecord, "kind" | "settledLsn"> {
  kind: JournalRecord["kind"];
  readonly settledLsn: number;
  /** Of the header in the log; the data follows. */
  readonly position: number;
  readonly incarnation: number;
  /** Whether the change is in the volume, or will never be. */
  done: boolean;
  /** The volume's count of local writes when it was done: durable there once those are flushed. */
  tick: number;
  /** Kept free of the log until it is done, for the record of what it leaves if it fails. */
  keptBytes: number;
}

/**
 * The journal log table in memory: the entries after the base, by number. Only as many as the log has
 * room for. A rewind makes the moments a tree: what came before entry `n` is `n - 1`, or what a rewind
 * went back to. A moment can be recovered if its way back leads to the base.
 */
export class LogTable {
  #entries: JournalEntry[] = [];
  /** Entries at the front that are gone. */
  #gone = 0;
  #baseLsn: number;
  /** Every entry up to this one is done. */
  #doneLsn: number;
  /** Of the last rewind, also if it is gone; -1 if there was none. */
  #lastRewindLsn = -1;

  constructor(baseLsn: number) {
    this.#baseLsn = baseLsn;
    this.#doneLsn = baseLsn;
  }

  get baseLsn(): number {
    return this.#baseLsn;
  }

  /** Of the last entry; {@link baseLsn} without. */
  get newestLsn(): number {
    return this.#baseLsn + this.#entries.length - this.#gone;
  }

  /** Every entry up to this one is in the volume, or never will be: the newest whole moment. */
  get doneLsn(): number {
    while (this.#doneLsn < this.newestLsn && this.entry(this.#doneLsn + 1).done) this.#doneLsn++;
    return this.#doneLsn;
  }

  entry(lsn: number): JournalEntry {
    const entry = this.#entries[this.#gone + lsn - this.#baseLsn - 1];
    assert(entry !== undefined && entry.lsn === lsn, "an entry that is asked for is in the journal log table");
    return entry;
  }

  add(entry: JournalEntry): void {
    assert(entry.lsn === this.newestLsn + 1, "entries are added in order");
    this.#entries.push(entry);
    if (entry.kind === "rewind") this.#lastRewindLsn = entry.lsn;
  }

  /** The base holds entry `lsn` and all before it. */
  dropTo(lsn: number): void {
    this.#gone += lsn - this.#baseLsn;
    this.#baseLsn = lsn;
    this.#doneLsn = Math.max(this.#doneLsn, lsn);
    if (this.#gone < 64 || this.#gone * 2 < this.#entries.length) return;
    this.#entries = this.#entries.slice(this.#gone);
    this.#gone = 0;
  }

  /** Nothing before `lsn` can be recovered any more, and there is no such entry: the base is that moment. */
  restartAt(lsn: number): void {
    this.#entries = [];
    this.#gone = 0;
    this.#baseLsn = lsn;
    this.#doneLsn = lsn;
  }

  /** Where the log goes on after `lsn`. */
  endOf(lsn: number, headPosition: number): number {
    if (lsn === this.#baseLsn) return headPosition;
    const { position, dataBytes } = this.entry(lsn);
    return position + RECORD_HEADER_BYTES + dataBytes;
  }

  /** The moment before entry `lsn`. */
  #before(lsn: number): number {
    const { kind, targetLsn } = this.entry(lsn);
    return kind === "rewind" ? targetLsn : lsn - 1;
  }

  /** The entries that lead from the base to the moment `lsn`, newest first. It is in the window: so they do. */
  wayTo(lsn: number): JournalEntry[] {
    const way: JournalEntry[] = [];
    let at = lsn;
    for (; at > this.#baseLsn; at = this.#before(at)) way.push(this.entry(at));
    assert(at === this.#baseLsn, "a moment in the window leads to the base");
    return way;
  }

  /** The last change on the way to a moment; `undefined` if it is in the base. */
  lastChange(lsn: number): JournalEntry | undefined {
    return this.wayTo(lsn).find(({ kind }) => kind === "write" || kind === "zero");
  }

  /** The entry of a change that the other end numbered. */
  ofPeer({ journalId, lsn }: ChangeNumber): JournalEntry | undefined {
    return this.#entries.findLast((entry) => entry.peerJournalId === journalId && entry.peerLsn === lsn);
  }

  /** Whether the moment lies on the way to the newest one. */
  isOnWay(lsn: number): boolean {
    return lsn === this.#baseLsn || this.wayTo(this.newestLsn).some((entry) => entry.lsn === lsn);
  }

  /** The first moment from which on every one, up to the newest, can be recovered; not before `foldLsn`. */
  oldestLsn(foldLsn: number): number {
    // Without a rewind each moment leads to the one before.
    if (this.#lastRewindLsn <= foldLsn) return foldLsn;
    let oldest = foldLsn;
    // A branch that was left may hang on a moment that the base has gone past.
    const reaches = new Set([foldLsn]);
    for (let lsn = foldLsn + 1; lsn <= this.newestLsn; lsn++) {
      if (reaches.has(this.#before(lsn))) reaches.add(lsn);
      else oldest = lsn + 1;
    }
    return oldest;
  }

  /** The tracks that differ between two moments, or may. Both lead to the base. */
  changed(oneLsn: number, otherLsn: number, trackBytes: number, trackCount: number): Bitmap {
    const tracks = new Bitmap(trackCount);
    let one = oneLsn;
    let other = otherLsn;
    while (one !== other) {
      const later = Math.max(one, other);
      const entry = this.entry(later);
      addTracks(tracks, entry, trackBytes);
      if (one === later) one = this.#before(later);
      else other = this.#before(later);
    }
    return tracks;
  }

  get newestRewind(): JournalEntry | undefined {
    return this.#entries.slice(this.#gone).findLast(({ kind }) => kind === "rewind");
  }

  /** The tracks that entries after `lsn` change. */
  touched(lsn: number, trackBytes: number, trackCount: number): Bitmap {
    const tracks = new Bitmap(trackCount);
    for (let later = lsn + 1; later <= this.newestLsn; later++) addTracks(tracks, this.entry(later), trackBytes);
    return tracks;
  }

  /** The last entry that was made at `timeUs` or before; {@link baseLsn} if there is none. */
  atTime(timeUs: number): number {
    let low = this.#baseLsn;
    let high = this.newestLsn;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (this.entry(middle).timeUs <= timeUs) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

function addTracks(tracks: Bitmap, entry: JournalEntry, trackBytes: number): void {
  if (entry.kind !== "write" && entry.kind !== "zero") return;
  const last = Math.floor((entry.offsetBytes + entry.lengthBytes - 1) / trackBytes);
  for (let track = Math.floor(entry.offsetBytes / trackBytes); track <= last; track++) tracks.set(track);
}
