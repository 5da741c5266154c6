import { SECTOR_BYTES } from "../../engine/ports/index.ts";
import type { PendingView } from "../target/target.ts";
import { type BadSector, describeContent } from "./blame.ts";
import type { CheckedPair } from "./checker.ts";
import { SparseInts } from "./columns.ts";
import type { DiskState } from "./disk-state.ts";

const NONE: readonly number[] = [];

/** Tracks in which the two disks of a pair differ, kept up to date sector by sector. */
export class PairDifference {
  /** Differing sectors of each track. */
  readonly #counts: SparseInts;
  /** The tracks that have any, in no order, and for each its place there, counted from 1. */
  readonly #tracks: number[] = [];
  readonly #places: SparseInts;
  readonly #sectorsPerTrack: number;
  readonly #primary: DiskState;
  readonly #secondary: DiskState;

  constructor(config: CheckedPair, primary: DiskState, secondary: DiskState) {
    this.#sectorsPerTrack = config.trackBytes / SECTOR_BYTES;
    this.#primary = primary;
    this.#secondary = secondary;
    const trackCount = Math.ceil(Math.max(primary.sectorCount, secondary.sectorCount) / this.#sectorsPerTrack);
    this.#counts = new SparseInts(trackCount);
    this.#places = new SparseInts(trackCount);
  }

  get trackCount(): number {
    return this.#tracks.length;
  }

  /** A sector of `disk` changed from one content to another. */
  update(disk: DiskState, sector: number, before: number, after: number): void {
    const peer = disk === this.#primary ? this.#secondary : this.#primary;
    const other = peer.hash.get(sector);
    const step = (after === other ? 0 : 1) - (before === other ? 0 : 1);
    if (step === 0) return;
    const track = Math.floor(sector / this.#sectorsPerTrack);
    const count = this.#counts.get(track) + step;
    this.#counts.set(track, count);
    if (count === 0) this.#remove(track);
    else if (count === step) this.#places.set(track, this.#tracks.push(track));
  }

  #remove(track: number): void {
    const place = this.#places.get(track);
    const last = this.#tracks.pop() as number;
    if (last !== track) {
      this.#tracks[place - 1] = last;
      this.#places.set(last, place);
    }
    this.#places.set(track, 0);
  }

  /**
   * Differing tracks that neither side knows of, rising.
   *
   * @param one what one side knows; `undefined` if it is down or does not know the pair
   * @param two what the other knows
   * @param tracks only these; all without
   */
  unknownTracks(
    one: PendingView | undefined,
    two: PendingView | undefined,
    tracks: readonly number[] = this.#tracks,
  ): readonly number[] {
    let unknown: number[] | undefined;
    for (const track of tracks) {
      if (one !== undefined && this.#isPending(one, track)) continue;
      if (two !== undefined && this.#isPending(two, track)) continue;
      if (this.#counts.get(track) > 0) (unknown ??= []).push(track);
    }
    return unknown?.sort((left, right) => left - right) ?? NONE;
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
  tracksOf(offsetBytes: number, lengthBytes: number): readonly number[] {
    const trackBytes = this.#sectorsPerTrack * SECTOR_BYTES;
    const first = Math.floor(offsetBytes / trackBytes);
    const last = Math.floor((offsetBytes + lengthBytes - 1) / trackBytes);
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  }

  /** The differing sectors of these tracks, as bad sectors of the secondary's disk. */
  sectors(tracks: readonly number[]): BadSector[] {
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
