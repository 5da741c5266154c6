import { CopyOut } from "../image/copy-out.ts";
import { TrackCopy } from "../volume/track-copy.ts";
import type { LocalPair } from "./local-pair.ts";

/**
 * A mirror that is split before it is in sync (Fig. 4, step 460) is completed afterwards: what it lacks is
 * copied as it was at the split, each track before it changes. Nobody waits for it, and the mirror can
 * be read at once. The tracks still to copy are marked on the mirror's side.
 */
export class LocalCompletion {
  readonly tracks: TrackCopy;
  readonly #copy: CopyOut;
  readonly #pair: LocalPair;

  constructor(pair: LocalPair) {
    const { entry, volume, mirror, mirrorSide, runtime } = pair;
    this.#pair = pair;
    this.tracks = new TrackCopy(mirrorSide.dirty, mirrorSide.intents, volume.trackBytes);
    this.#copy = new CopyOut({
      volume,
      target: mirror.disk,
      tracks: this.tracks,
      runtime,
      name: entry.name,
      onLost: (why) => pair.suspend(why),
    });
  }

  /**
   * This is the moment: what is pending now is to be copied. The caller holds all of the volume.
   * @returns settles when the tracks are durable. @throws DiskError
   */
  begin(): Promise<void> {
    const { volume, pending } = this.#pair;
    this.#pair.completion = this;
    volume.addTap(this.#copy);
    return this.tracks.begin(pending.dirty.indices());
  }

  /** Goes on after a crash, before hosts are served; without a word of which tracks are left the moment is lost. */
  async resume(): Promise<void> {
    const believed = await this.tracks.load();
    this.#pair.completion = this;
    this.#pair.volume.addTap(this.#copy);
    if (!believed) await this.#pair.suspend("nobody knows what is left to copy");
  }

  /** Copies what is left. Once the split is durable. */
  async run(): Promise<void> {
    const { entry, table, runtime } = this.#pair;
    if (!(await this.#copy.run()) || this.#pair.completion !== this) return;
    this.stop();
    this.forget();
    entry.task = "";
    await table.persist();
    runtime.log.step("local.completed", { pair: entry.name });
  }

  /** Brings tracks that are to be read from the mirror's disk. */
  prepareRead(first: number, last: number): Promise<void> | undefined {
    for (let track = first; track <= last; track++)
      if (this.tracks.needs(track)) return this.#copy.copyNow(first, last);
    return undefined;
  }

  /** Gives up what is not copied. */
  stop(): void {
    this.#copy.stop();
    this.#pair.completion = undefined;
  }

  /** Once nobody relies on the moment, durably: before, a change would make it a wrong one. */
  forget(): void {
    this.#pair.volume.removeTap(this.#copy);
  }
}
