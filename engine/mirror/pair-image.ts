import { assert } from "../assert.ts";
import { EngineError } from "../errors.ts";
import { handled } from "../handled.ts";
import type { ImageWithRollback } from "../image/area-image.ts";
import type { Image } from "../image/image.ts";
import { DiskError, NS_PER_MS, sleep } from "../ports/index.ts";
import { CopyIn } from "../restore/copy-in.ts";
import { beginRestore, resumeRestore } from "../restore/restore.ts";
import { diskFailure } from "../volume/disk-failure.ts";
import type { TrackCopy } from "../volume/track-copy.ts";
import { NO_GENERATION } from "./generation.ts";
import { illegalTransition } from "./illegal-transition.ts";
import type { Pair } from "./pair.ts";

/** A device that fails may be mended; meanwhile nothing that needs it goes on. */
const RETRY_NS = 100 * NS_PER_MS;

/**
 * The image that one end of a pair keeps, by itself, from a suspension on (LS-1): fixed when the pair is
 * suspended, revised when a resync is about to overwrite this side (LS-4), released when the pair is
 * DUPLEX, durably (SR-3). If that resync fails, this side can go back to it (LS-8).
 *
 * From the suspension to the resync the tracks that it knows as changed are known as pending, too
 * (SR-2): after a crash the pending set is their union with the marks of the intents. Before the image
 * is given up, whatever the reason, the marks get what only it knows (SR-5).
 */
export class PairImage {
  readonly image: Image;
  readonly #pair: Pair;
  readonly #rollbackTracks: TrackCopy;
  #rolled: Promise<unknown> = Promise.resolve();
  /** Tracks that the image knows as changed need no mark of their own. */
  #isCovering = false;
  /** Counts how often {@link #covering} had to end. */
  #merges = 0;
  #fixing: Promise<void> | undefined;
  /** Lets a rollback that {@link load} found go on. */
  #resume: () => void = () => {};
  #fixAtStart = false;

  constructor(pair: Pair, { image, rollback }: ImageWithRollback) {
    this.#pair = pair;
    this.image = image;
    this.#rollbackTracks = rollback;
    image.onLost = (moment) => this.#giveUp(moment);
  }

  get #covering(): boolean {
    return this.#isCovering;
  }

  /** While the image stands for marks, the marks are no longer nearly those of what is pending. */
  set #covering(covering: boolean) {
    if (covering === this.#isCovering) return;
    this.#isCovering = covering;
    const { intents, pending } = this.#pair;
    intents.lean(covering ? undefined : pending.dirty);
  }

  /** Whether the image says durably that all of these tracks are pending. */
  covers(first: number, last: number): boolean {
    return this.#covering && this.image.hasChanged(first, last);
  }

  // --- suspension -----------------------------------------------------------------------------

  /**
   * The pair has just been suspended: hosts wait from this step on until the image is fixed, or given up.
   * @param applied settles when everything that was received is applied: the image is of then. Without, the
   *   caller is the one who applies
   */
  suspend(applied?: Promise<void>): Promise<void> {
    assert(
      this.#fixing === undefined,
      "a pair is resynchronised between two suspensions, and that waits for the image",
    );
    if (this.#isKept && applied === undefined) return Promise.resolve();
    const done = (this.#isKept ? this.#suspendAgain(applied) : this.#suspend(applied)).finally(() => {
      this.#fixing = undefined;
    });
    this.#fixing = done;
    return done;
  }

  /** There is an image from before a resync, which stays; unless what is still applied ends that resync. */
  async #suspendAgain(applied: Promise<void> | undefined): Promise<void> {
    await applied;
    if (!this.#isKept) await this.#suspend(undefined);
  }

  get #isKept(): boolean {
    return this.image.state === "fixed" && this.image.moment > this.#pair.entry.imageVoid;
  }

  async #suspend(applied: Promise<void> | undefined): Promise<void> {
    this.#pair.hold("image");
    const { image } = this;
    const { volume, runtime } = this.#pair;
    const { clock, log } = runtime;
    const startNs = clock.monotonicNs();
    log.step("image.fixing", { volume: volume.name, method: image.method });
    log.step("writes.paused", { volume: volume.name });
    let pauseNs = -1;
    let merges = -1;
    const resume = (): void => {
      if (pauseNs >= 0) return;
      pauseNs = clock.monotonicNs() - startNs;
      merges = this.#merges;
      this.#pair.release("image");
      log.step("writes.resumed", { volume: volume.name });
    };
    let fixed = false;
    try {
      await applied;
      fixed = await this.#fixDrained(resume);
    } finally {
      resume();
    }
    if (!fixed) return;
    log.step("image.fixed", { volume: volume.name, method: image.method, moment: image.moment, pauseNs });
    await this.#track(merges);
  }

  /**
   * Writes under way reach the disk, and nothing changes until the image is durable. Not until they are
   * acknowledged: what the other end is still to say of them does not change them.
   * @param resume called when changes may go on
   */
  async #fixDrained(resume: () => void): Promise<boolean> {
    const { entry, volume } = this.#pair;
    const release = await volume.locks.still();
    let isHeld = true;
    const letGo = (): void => {
      if (isHeld) release();
      isHeld = false;
    };
    try {
      // A mixture is no moment. What was applied last may also have ended a resync.
      if (!entry.consistent || entry.status !== "SPLIT") return false;
      return await this.image.fix(entry.imageVoid, () => {
        letGo();
        resume();
      });
    } finally {
      letGo();
    }
  }

  /** From here on the image stands for marks, unless that has ended since there were so many `merges`. */
  async #track(merges: number): Promise<void> {
    const { entry } = this.#pair;
    // Hosts go on already: the image may have been given up meanwhile, a rollback begun, or the pair deleted.
    if (merges !== this.#merges) return;
    entry.imageTracks = this.image.moment;
    await this.#pair.persist();
    if (merges === this.#merges && entry.imageTracks === this.image.moment) this.#covering = true;
  }

  /** Settles when no image is being fixed. */
  async settled(): Promise<void> {
    await this.#fixing;
  }

  /**
   * What only the image knows of the differences goes to the pending tracks and is marked, durably.
   * The entry says so; {@link Pair.persist} follows. @throws EngineError DISK_FAILED
   */
  async mergeTracked(): Promise<void> {
    const { entry, pending } = this.#pair;
    this.#covering = false;
    this.#merges++;
    if (entry.imageTracks === 0) return;
    for (const track of this.image.changedTracks()) pending.dirty.set(track);
    await this.#pair.writeIntents();
    // Not before: someone else may make the entry durable at any moment.
    entry.imageTracks = 0;
  }

  async #giveUp(moment: number): Promise<void> {
    const { entry, runtime } = this.#pair;
    for (;;) {
      try {
        await this.mergeTracked();
        break;
      } catch (error) {
        handled(error, EngineError);
        await sleep(runtime.clock, RETRY_NS);
      }
    }
    entry.imageVoid = Math.max(entry.imageVoid, moment);
    await this.#pair.persist();
  }

  // --- resync ---------------------------------------------------------------------------------

  /** This side is about to be overwritten; hosts are kept out. @throws EngineError DISK_FAILED */
  async revise(): Promise<void> {
    const { entry, volume, runtime } = this.#pair;
    await this.#fixing;
    await this.#rolled;
    await this.mergeTracked();
    await this.#pair.persist();
    // After a resync that failed, the image from before it is the one to keep.
    if (!entry.consistent) return;
    const release = await volume.locks.drain();
    try {
      if (await this.image.revise())
        runtime.log.step("image.revised", { volume: volume.name, moment: this.image.moment });
    } finally {
      release();
    }
  }

  /** The pair is DUPLEX, in this step: the entry says that the image is not needed. {@link release} when that is durable. */
  void(): void {
    const { entry } = this.#pair;
    entry.imageVoid = this.image.moment;
    entry.imageTracks = 0;
    this.#covering = false;
    this.#merges++;
  }

  release(): void {
    const { entry, runtime } = this.#pair;
    const { imageVoid } = entry;
    // A rollback that the resync left behind goes on after a crash by what the image says.
    runtime.tasks.spawn(this.#rolled.then(() => this.image.release(imageVoid)));
  }

  /** The pair is gone: what the image was kept for, too. */
  end(): void {
    this.image.onLost = async () => {};
    this.void();
    this.release();
  }

  // --- rollback (LS-8) ------------------------------------------------------------------------

  /**
   * The volume gets the image's content, at once for its hosts: what was overwritten by a resync that
   * failed is undone, and this side is consistent again, with its old generation.
   * @throws EngineError NO_IMAGE, RESTORE_RUNS, ILLEGAL_TRANSITION, DISK_FAILED
   */
  async rollback(): Promise<void> {
    const { entry, volume, runtime } = this.#pair;
    this.image.requireFixed();
    volume.requireWhole("rollback");
    this.#requireRollback();
    this.#pair.hold("image");
    try {
      const { ended } = await beginRestore(
        { volume, copy: this.#newCopy(), runtime },
        {
          tracks: () => this.#markRollback(),
          accept: async () => {
            await this.image.setRolling(true);
            entry.consistent = true;
            entry.rolling = true;
            await this.#pair.persist();
          },
          finished: () => this.#rolledBack(),
        },
      );
      this.#run(ended);
    } catch (error) {
      throw diskFailure(error, volume.name);
    } finally {
      this.#pair.release("image");
    }
  }

  #requireRollback(): void {
    const { entry, phase } = this.#pair;
    this.image.requireFixed();
    if (entry.status !== "SPLIT" || phase !== "idle")
      throw illegalTransition(this.#pair, "rollback", "SPLIT, and nothing else under way");
  }

  /** Before the volume has other content: the other end may lack it, and it may be another history. */
  async #markRollback(): Promise<readonly number[]> {
    const { entry, pending } = this.#pair;
    this.#requireRollback();
    const tracks = [...this.image.changedTracks()];
    this.image.requireRollbackRoom(tracks);
    await this.mergeTracked();
    // The other end may have these tracks as they are now.
    for (const track of tracks) pending.dirty.set(track);
    await this.#pair.writeIntents();
    // The old generation is that of a resync's target before it; a side that is whole goes on to another history.
    if (entry.consistent && entry.shared && tracks.length > 0) this.#pair.beginHistory();
    await this.#pair.persist();
    return tracks;
  }

  #newCopy(): CopyIn {
    const { volume, runtime } = this.#pair;
    return new CopyIn({
      volume,
      source: this.image.content,
      tracks: this.#rollbackTracks,
      runtime,
      name: `image of ${volume.name}`,
      from: "image",
      id: this.image.moment,
      // Its marks are set already, and what it would count as a new history is an old one.
      silent: [this.#pair],
    });
  }

  #run(ended: Promise<unknown>): void {
    this.#rolled = ended;
    this.#pair.runtime.tasks.spawn(ended);
  }

  async #rolledBack(): Promise<void> {
    // First: with an image that does not say so any more, it would be half a rollback.
    this.#pair.entry.rolling = false;
    await this.#pair.persist();
    for (;;) {
      try {
        return await this.image.setRolling(false);
      } catch (error) {
        handled(error, DiskError);
        await sleep(this.#pair.runtime.clock, RETRY_NS);
      }
    }
  }

  // --- after a start --------------------------------------------------------------------------

  /**
   * Reads what is durable; the pending tracks get what the image knows of the differences. The pair's
   * marks are loaded. @param wasSplit as the pair was when the system stopped
   * @throws DiskError
   */
  async load(wasSplit: boolean): Promise<void> {
    const { image } = this;
    const { entry, pending, volume, runtime } = this.#pair;
    await this.#loadImage();
    const rolling = image.rolling && (await this.#rollbackTracks.load());
    const broken = entry.rolling && !rolling;
    if (rolling) {
      entry.consistent = true;
      const started = new Promise<void>((resolve) => {
        this.#resume = resolve;
      });
      const parts = { volume, copy: this.#newCopy(), runtime };
      this.#run(resumeRestore(parts, { finished: () => this.#rolledBack() }, started));
    }
    if (entry.imageTracks !== 0 && image.state === "fixed" && image.moment === entry.imageTracks) {
      for (const track of image.changedTracks()) pending.dirty.set(track);
      this.#covering = true;
    } else if (entry.imageTracks !== 0 || broken) await forgetImage(this.#pair);
    // Nothing goes on with it: the volume is not to be read-only for it, nor a journal to hold its moment.
    if (broken && image.rolling) await image.setRolling(false);
    this.#fixAtStart = entry.established && (image.state === "none" || (image.state === "lost" && !wasSplit));
  }

  /** What is not believed now must not be the next time: hosts change then what it does not hear of. */
  async #loadImage(): Promise<void> {
    const { image } = this;
    const { entry } = this.#pair;
    const { imageUnread, imageVoid } = entry;
    await image.load(imageUnread ? undefined : imageVoid, entry.rolling);
    entry.imageUnread = image.unread;
    if (!image.unread && (imageUnread || image.state === "lost")) entry.imageVoid = image.moment;
    if (entry.imageUnread !== imageUnread || entry.imageVoid !== imageVoid) await this.#pair.persist();
  }

  /** After {@link load}, when the volume is what it was: a journal has brought it there. Before hosts are served. */
  async start(): Promise<void> {
    this.#resume();
    if (this.#fixAtStart) await this.suspend();
    this.#fixAtStart = false;
  }
}

/** A start finds that an image cannot be had any more, nor what only it knew of the differences: then everything may differ. @throws DiskError */
export async function forgetImage(pair: Pair): Promise<void> {
  const { entry, pending } = pair;
  // Half of a rollback, and the rest is gone. What hosts wrote meanwhile is not for a resync from before it to overwrite.
  if (entry.rolling) {
    entry.consistent = false;
    entry.copyFrom = NO_GENERATION;
  }
  // It may be configured again.
  if (pair.image === undefined) entry.imageUnread = true;
  if (entry.rolling || entry.imageTracks !== 0) pending.dirty.setAll();
  await pair.intents.writeAll();
  entry.rolling = false;
  entry.imageTracks = 0;
  await pair.persist();
}
