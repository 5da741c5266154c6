import { handled } from "../handled.ts";
import { type Disk, DiskError } from "../ports/index.ts";
import type { Runtime } from "../runtime.ts";
import { copyInBackground } from "../volume/background-copy.ts";
import { Tap } from "../volume/tap.ts";
import type { TrackCopy } from "../volume/track-copy.ts";
import type { Update, Volume } from "../volume/volume.ts";

export interface CopyOutParts {
  readonly volume: Volume;
  /** Gets the content; the same offsets as the volume, shifted by `targetOffsetBytes`. */
  readonly target: Disk;
  readonly targetOffsetBytes?: number;
  readonly tracks: TrackCopy;
  readonly runtime: Runtime;
  /** For the log: what is copied. */
  readonly name: string;
  /**
   * The copy cannot be finished: a disk failed. What it says is durable when it settles, for then the
   * volume changes and the moment is gone.
   */
  readonly onLost: (why: string) => Promise<void>;
}

/**
 * Copies a volume as of one moment to another disk, while it changes: a track that was not copied yet
 * is copied before the first change (copy-before-write), the rest in the background. The copy can be
 * read from the first moment on.
 *
 * A track leaves the set only when its copy is durable, and changes only then: so after a crash the
 * tracks that are left still hold, in the volume, what they held at the moment.
 */
export class CopyOut extends Tap {
  readonly #parts: CopyOutParts;
  #ended: "" | "done" | "lost" | "stopped" = "";
  #losing: Promise<void> | undefined;

  constructor(parts: CopyOutParts) {
    super();
    this.#parts = parts;
  }

  get tracks(): TrackCopy {
    return this.#parts.tracks;
  }

  override get locksTracks(): boolean {
    return this.#ended === "";
  }

  override prepare(_update: Update, first: number, last: number): Promise<void> | undefined {
    // A change before the loss is durable would make a copy that is wrong and not known to be.
    if (this.#ended === "lost") return this.#losing;
    if (this.#ended !== "") return undefined;
    const { left } = this.#parts.tracks;
    for (let track = first; track <= last; track++) if (left.has(track)) return this.#preserve(first, last);
    return undefined;
  }

  /** The caller holds the tracks. A volume's change never fails because of its copy. */
  async #preserve(first: number, last: number): Promise<void> {
    const { tracks } = this.#parts;
    const kept: number[] = [];
    for (let track = first; track <= last; track++) if (tracks.left.has(track)) kept.push(track);
    try {
      for (const run of tracks.runs(first, last)) await this.#copy(run);
      if (this.#ended === "") await this.#settle(kept);
      // Another track was lost meanwhile: what was copied of this one is not known, durably, to be of the moment.
      else await this.#losing;
    } catch (error) {
      const failure = handled(error, DiskError);
      // Somebody else's flush may have made these durable meanwhile, and the copy may even be through.
      if (kept.some((track) => tracks.left.has(track))) await this.#lose(failure);
    }
  }

  /** The caller holds the tracks. */
  async #copy([first, last]: readonly [first: number, last: number]): Promise<void> {
    const { volume, target, targetOffsetBytes = 0, tracks, runtime, name } = this.#parts;
    const { offsetBytes, lengthBytes } = volume.extent(first, last);
    const data = await volume.disk.read(offsetBytes, lengthBytes);
    await target.write(targetOffsetBytes + offsetBytes, data);
    tracks.copied(first, last);
    runtime.log.step("copy-out.copied", { name, track: first, tracks: last - first + 1 });
  }

  async #settle(kept: readonly number[]): Promise<void> {
    const { target, tracks } = this.#parts;
    if (kept.length === 0) return;
    await target.flush();
    await tracks.settle(kept);
  }

  /** Copies these tracks, for who wants to read them from the target itself. Takes ranges of the volume. */
  async copyNow(first: number, last: number): Promise<void> {
    const { volume } = this.#parts;
    const release = await volume.locks.acquire(first * volume.trackBytes, (last + 1) * volume.trackBytes);
    try {
      if (this.#ended === "") await this.#preserve(first, last);
    } finally {
      release();
    }
  }

  /** What the volume held at the moment. @throws DiskError */
  async read(offsetBytes: number, lengthBytes: number): Promise<Uint8Array> {
    const { volume, target, targetOffsetBytes = 0, tracks } = this.#parts;
    const { trackBytes } = volume;
    const result = new Uint8Array(lengthBytes);
    const endBytes = offsetBytes + lengthBytes;
    for (let at = offsetBytes; at < endBytes; ) {
      const track = Math.floor(at / trackBytes);
      const nextBytes = Math.min((track + 1) * trackBytes, endBytes);
      let piece: Uint8Array | undefined;
      if (tracks.needs(track)) {
        // A change of the track waits until it is read, or is through and has copied it.
        const release = await volume.locks.acquire(track * trackBytes, (track + 1) * trackBytes);
        try {
          if (tracks.needs(track)) piece = await volume.disk.read(at, nextBytes - at);
        } finally {
          release();
        }
      }
      piece ??= await target.read(targetOffsetBytes + at, nextBytes - at);
      result.set(piece, at - offsetBytes);
      at = nextBytes;
    }
    return result;
  }

  /**
   * Copies everything. Begin with it once the tracks are durable and this is a tap of the volume.
   * @returns true when the whole copy is durable; false if it was lost or stopped
   */
  async run(): Promise<boolean> {
    const { volume, tracks } = this.#parts;
    const whole = await copyInBackground({
      volume,
      tracks,
      goesOn: () => this.#ended === "",
      copy: (run) => this.#copy(run),
      settle: (copied) => this.#settle(copied),
      failed: (error) => this.#lose(error),
    });
    if (whole) this.#ended = "done";
    return whole;
  }

  /** Ends {@link run}; from now on changes of the volume are not preserved. */
  stop(): void {
    if (this.#ended === "") this.#ended = "stopped";
  }

  #lose(error: DiskError): Promise<void> {
    const { runtime, name, onLost } = this.#parts;
    if (this.#losing === undefined) {
      this.#ended = "lost";
      runtime.log.step("copy-out.lost", { name, code: error.code });
      this.#losing = onLost(error.code);
    }
    return this.#losing;
  }
}
