import { assert } from "../assert.ts";
import { Bitmap, unionOf } from "../volume/bitmap.ts";

interface ActiveTrack {
  /** Host writes that have begun and not ended. */
  writers: number;
  /** The last frame that carried the track, of the present session; -1 for none. */
  sequence: number;
  /** The local disk has the content once this tick is flushed; see {@link PendingTracks.retire}. */
  tick: number;
}

/** What one frame changes at the other side without carrying it. */
interface ToldTracks {
  readonly tracks: Bitmap;
  sequence: number;
  /** As of an active track. */
  tick: number;
}

/**
 * Which tracks the other side may lack (rule 4), in two sets: *dirty* tracks must be copied whole;
 * *active* ones are being written or are on their way. A track leaves `dirty` only by being sent
 * whole, and `active` only when both disks have it durably and it was not written again meanwhile.
 *
 * Active tracks are few, those of frames on their way; but one frame may tell the other side to change most of its
 * volume, and these are a bitmap.
 */
export class PendingTracks {
  readonly dirty: Bitmap;
  readonly #active = new Map<number, ActiveTrack>();
  #told: ToldTracks | undefined;

  constructor(trackCount: number) {
    this.dirty = new Bitmap(trackCount);
  }

  has(trackIndex: number): boolean {
    return this.#active.has(trackIndex) || this.dirty.has(trackIndex) || this.#told?.tracks.has(trackIndex) === true;
  }

  /** All of them from `from` on, ascending. */
  indices(from: number): Iterable<number> {
    const active = [...this.#active.keys()].filter((track) => track >= from).sort((a, b) => a - b);
    const pending = unionOf(active, this.dirty.indices(from));
    return this.#told === undefined ? pending : unionOf(pending, this.#told.tracks.indices(from));
  }

  /** Tracks on their way. */
  get activeCount(): number {
    return this.#active.size + (this.#told?.tracks.count ?? 0);
  }

  /** An upper bound: a track may be dirty and active. */
  get count(): number {
    return this.dirty.count + this.activeCount;
  }

  /** A host write begins: its tracks count as pending from here on. Rounded outward by the caller. */
  begin(first: number, last: number): void {
    for (let track = first; track <= last; track++) {
      const active = this.#active.get(track);
      if (active === undefined) this.#active.set(track, { writers: 1, sequence: -1, tick: -1 });
      else active.writers++;
    }
  }

  /** Whether every track of the range is dirty: the resync will carry all of it. */
  allDirty(first: number, last: number): boolean {
    for (let track = first; track <= last; track++) if (!this.dirty.has(track)) return false;
    return true;
  }

  /** The write between `begin` and `end` went out as frame `sequence`. */
  sent(first: number, last: number, sequence: number): void {
    for (let track = first; track <= last; track++) {
      this.#begun(track).sequence = sequence;
    }
  }

  /**
   * These tracks are about to change at once, or the other side is about to be told to change them by itself, as this
   * side does: they count from here on, until {@link told}.
   */
  tell(tracks: Iterable<number>): void {
    this.#told ??= { tracks: new Bitmap(this.dirty.length), sequence: -1, tick: -1 };
    for (const track of tracks) this.#told.tracks.set(track);
    this.#told.sequence = Number.POSITIVE_INFINITY;
  }

  /** Whether {@link told} is to follow. */
  get isTelling(): boolean {
    return this.#told?.sequence === Number.POSITIVE_INFINITY;
  }

  /** Frame `sequence` told it, of all that was to be told; here it is done once `tick` is flushed. */
  told(sequence: number, tick: number): void {
    // The session may have ended with the frame: then all of it is dirty.
    if (this.#told !== undefined) Object.assign(this.#told, { sequence, tick });
  }

  #begun(trackIndex: number): ActiveTrack {
    const active = this.#active.get(trackIndex);
    assert(active !== undefined, "a write that has begun and not ended is active");
    return active;
  }

  /** The range went out whole, as read from the local disk at `tick`. */
  copied(first: number, last: number, sequence: number, tick: number): void {
    for (let track = first; track <= last; track++) {
      this.dirty.clear(track);
      const active = this.#active.get(track);
      if (active === undefined) this.#active.set(track, { writers: 0, sequence, tick });
      else {
        active.sequence = sequence;
        active.tick = tick;
      }
    }
  }

  /** Nothing of the write goes out: its tracks must be copied later. */
  soil(first: number, last: number): void {
    for (let track = first; track <= last; track++) this.dirty.set(track);
  }

  /** A host write ended. `tick` is the local disk's count of completed writes, this one included. */
  end(first: number, last: number, tick: number): void {
    for (let track = first; track <= last; track++) {
      const active = this.#begun(track);
      active.writers--;
      active.tick = tick;
      if (active.writers === 0 && active.sequence < 0 && this.dirty.has(track)) this.#active.delete(track);
    }
  }

  /**
   * Forgets tracks that both disks have durably.
   * @param durable frames up to this one are durable at the other side
   * @param flushedTick local writes up to this tick are durable here
   */
  retire(durable: number, flushedTick: number): void {
    for (const [track, active] of this.#active) {
      if (active.writers === 0 && active.sequence <= durable && active.tick <= flushedTick) this.#active.delete(track);
    }
    if (this.#told !== undefined && this.#told.sequence <= durable && this.#told.tick <= flushedTick)
      this.#told = undefined;
  }

  /** The session is over: what was on its way must be copied. */
  lose(): void {
    for (const [track, active] of this.#active) {
      if (active.sequence >= 0) this.dirty.set(track);
      active.sequence = -1;
      if (active.writers === 0) this.#active.delete(track);
    }
    for (const track of this.#told?.tracks.indices() ?? []) this.dirty.set(track);
    this.#told = undefined;
  }

  /** Both sides are equal, durably: nothing is pending but what is being written now. */
  reset(): void {
    this.dirty.clearAll();
  }
}
