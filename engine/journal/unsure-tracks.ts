import { Bitmap } from "../volume/bitmap.ts";
import type { Volume } from "../volume/volume.ts";
import { PAYLOAD_BYTES_MAX } from "../wire/frame.ts";
import type { JournalEntry } from "./log-table.ts";
import type { ManagementTable } from "./management-table.ts";

/**
 * Tracks of which nobody knows whether the volume holds what its journal says: a change failed there, and what it left could
 * not be read either, until somebody does. Mirrors have what the volume has, and the base gets what the journal says; so
 * whoever goes back, to whatever moment, brings these tracks too. Which ones is known as long as the program lives; that
 * there are any is durable, and after a start they may be any.
 *
 * What is read there becomes an entry, but the moments before it stay as they are: until volume and journal begin anew, no
 * moment is taken for the one that the other end calls the same.
 */
export class UnsureTracks {
  readonly #management: ManagementTable;
  readonly #volume: Volume;
  readonly #tracks: Bitmap;

  constructor(management: ManagementTable, volume: Volume) {
    this.#management = management;
    this.#volume = volume;
    this.#tracks = new Bitmap(volume.trackCount);
    if (management.state.unsure) this.#tracks.setAll();
  }

  /** Durable when it settles, which is before the entry counts as done: a start would not make the change again. */
  async add({ offsetBytes, lengthBytes }: JournalEntry): Promise<void> {
    const { first, last } = this.#volume.tracks(offsetBytes, lengthBytes);
    for (let track = first; track <= last; track++) this.#tracks.set(track);
    this.#management.state.unsure = true;
    this.#management.state.apart = true;
    await this.#management.persist();
  }

  get isEmpty(): boolean {
    return this.#tracks.count === 0;
  }

  /** There were some since volume and journal began as one: a moment may be another one in the journal of the other end. */
  get isApart(): boolean {
    return this.#management.state.apart;
  }

  /** Whether any track from `first` to `last` is one. Asked at every read. */
  touches(first: number, last: number): boolean {
    const track = this.#tracks.next(first);
    return track >= 0 && track <= last;
  }

  /** The runs of such tracks from `first` to `last`, each as long as one record may be. */
  *runs(first: number, last: number): Generator<readonly [first: number, last: number]> {
    const tracksMax = Math.max(1, Math.floor(PAYLOAD_BYTES_MAX / this.#volume.trackBytes));
    for (let from = this.#tracks.next(first); from >= 0 && from <= last; ) {
      const to = Math.min(last, this.#tracks.runEnd(from, tracksMax));
      yield [from, to];
      from = this.#tracks.next(to + 1);
    }
  }

  /** The journal has, durably, what the volume holds there. Durable when it settles. */
  async learned(first: number, last: number): Promise<void> {
    for (let track = first; track <= last; track++) this.#tracks.clear(track);
    if (!this.isEmpty) return;
    this.#management.state.unsure = false;
    await this.#management.persist();
  }

  addTo(tracks: Bitmap): void {
    for (const track of this.#tracks.indices()) tracks.set(track);
  }

  /** Volume and journal begin anew as one. Whoever persists the table next makes it durable. */
  clear(): void {
    this.#tracks.clearAll();
    this.#management.state.unsure = false;
    this.#management.state.apart = false;
  }
}
