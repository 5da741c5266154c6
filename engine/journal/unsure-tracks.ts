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
  /** Changes that failed a moment ago, each with what settles when the journal says what it left, or that it does not. */
  readonly #followed = new Map<JournalEntry, Promise<void>>();

  constructor(management: ManagementTable, volume: Volume) {
    this.#management = management;
    this.#volume = volume;
    this.#tracks = new Bitmap(volume.trackCount);
    if (management.state.unsure) this.#tracks.setAll();
  }

  /** Whoever reads where the change failed waits for this. @param handling settles when the journal is through with it */
  follow(entry: JournalEntry, handling: Promise<void>): Promise<void> {
    const followed = handling.finally(() => this.#followed.delete(entry));
    this.#followed.set(entry, followed);
    return followed;
  }

  /** Settles when the journal is through with every change that failed in these tracks. */
  async known(first: number, last: number): Promise<void> {
    for (const [entry, followed] of [...this.#followed]) if (this.#touches(entry, first, last)) await followed;
  }

  #touches({ offsetBytes, lengthBytes }: JournalEntry, first: number, last: number): boolean {
    const tracks = this.#volume.tracks(offsetBytes, lengthBytes);
    return tracks.first <= last && tracks.last >= first;
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

  /** Whether any track from `first` to `last` is one, or may become one. Asked at every read. */
  touches(first: number, last: number): boolean {
    for (const entry of this.#followed.keys()) if (this.#touches(entry, first, last)) return true;
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
