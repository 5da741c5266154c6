import { SECTOR_BYTES } from "../../engine/ports/index.ts";
import type { PendingView } from "../target/target.ts";
import { type BadSector, describeContent } from "./blame.ts";
import type { CheckedPair } from "./checker.ts";
import type { DiskState } from "./disk-state.ts";

/** Tracks in which the two disks of a pair differ, kept up to date sector by sector. */
export class PairDifference {
  /** Differing sectors of each track that has any. */
  readonly #counts = new Map<number, number>();
  readonly #sectorsPerTrack: number;
  readonly #primary: DiskState;
  readonly #secondary: DiskState;

  constructor(config: CheckedPair, primary: DiskState, secondary: DiskState) {
    this.#sectorsPerTrack = config.trackBytes / SECTOR_BYTES;
    this.#primary = primary;
    this.#secondary = secondary;
  }

  get trackCount(): number {
    return this.#counts.size;
  }

  /** A sector of `disk` changed from one content to another. */
  update(disk: DiskState, sector: number, before: number, after: number): void {
    const peer = disk === this.#primary ? this.#secondary : this.#primary;
    const other = peer.hash.get(sector);
    const step = (after === other ? 0 : 1) - (before === other ? 0 : 1);
    if (step === 0) return;
    const track = Math.floor(sector / this.#sectorsPerTrack);
    const count = (this.#counts.get(track) ?? 0) + step;
    if (count === 0) this.#counts.delete(track);
    else this.#counts.set(track, count);
  }

  /**
   * Differing tracks that neither side knows of.
   *
   * @param views what each side knows; `undefined` for a side that is down or does not know the pair
   * @param tracks only these; all without
   */
  unknownTracks(views: readonly (PendingView | undefined)[], tracks: Iterable<number> = this.#counts.keys()): number[] {
    const unknown: number[] = [];
    for (const track of tracks) {
      if (!this.#counts.has(track)) continue;
      let known = false;
      for (const view of views) known ||= view !== undefined && this.#isPending(view, track);
      if (!known) unknown.push(track);
    }
    return unknown;
  }

  /** A track of the pair may be a part of a track of the view, or several. */
  #isPending(view: PendingView, track: number): boolean {
    const trackBytes = this.#sectorsPerTrack * SECTOR_BYTES;
    if (view.trackBytes === trackBytes) return view.has(track);
    const last = Math.floor(((track + 1) * trackBytes - 1) / view.trackBytes);
    for (let index = Math.floor((track * trackBytes) / view.trackBytes); index <= last; index++) {
      if (!view.has(index)) return false;
    }
    return true;
  }

  /** The tracks that a range touches. */
  tracksOf(offsetBytes: number, lengthBytes: number): Iterable<number> {
    const trackBytes = this.#sectorsPerTrack * SECTOR_BYTES;
    const first = Math.floor(offsetBytes / trackBytes);
    const last = Math.floor((offsetBytes + lengthBytes - 1) / trackBytes);
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  }

  /** The differing sectors of these tracks, as bad sectors of the secondary's disk; all tracks without. */
  sectors(tracks: Iterable<number> = this.#counts.keys()): BadSector[] {
    const bad: BadSector[] = [];
    for (const track of tracks) {
      const first = track * this.#sectorsPerTrack;
      const end = Math.min(first + this.#sectorsPerTrack, this.#primary.sectorCount, this.#secondary.sectorCount);
      for (let sector = first; sector < end; sector++) {
        const expected = this.#primary.hash.get(sector);
        const found = this.#secondary.hash.get(sector);
        if (found !== expected) {
          const text = `${this.#primary.volume} holds ${describeContent(this.#primary, sector, expected)}`;
          bad.push({ sector, found, expected: text, against: this.#primary });
        }
      }
      if (bad.length > 4096) break;
    }
    return bad;
  }
}
