import { EngineError } from "../errors.ts";
import { handled } from "../handled.ts";
import { DiskError, NS_PER_MS } from "../ports/index.ts";
import type { ContentSource } from "../restore/copy-in.ts";
import type { Runtime } from "../runtime.ts";
import { diskFailure } from "../volume/disk-failure.ts";
import { Tap } from "../volume/tap.ts";
import type { Update, Volume } from "../volume/volume.ts";
import type { ImageHead, ImageMethod } from "./image-head.ts";

/** An image that is not fixed within this time is given up: hosts wait for it. */
const FIX_NS_MAX = 1_000 * NS_PER_MS;

/** `fixed`: it can be read. `lost`: its space ran out, or its device failed, and it was given up. */
export type ImageState = "none" | "fixed" | "lost";

/** Where an image keeps the word that it is there. */
export interface ImageHeads {
  /** @throws DiskError */
  load(): Promise<ImageHead | undefined>;
  /** Durable when it settles. @throws DiskError */
  write(head: ImageHead): Promise<void>;
}

export interface ImageParts {
  readonly volume: Volume;
  readonly heads: ImageHeads;
  readonly runtime: Runtime;
}

/**
 * The content of a volume as of one moment (LS-1, SR-1), kept while hosts write: one interface, three
 * methods (LS-2). It is fixed in constant time, can be read at once, and says which tracks changed
 * since (SR-2). Its space is bounded; when it runs out, the image is given up and the hosts go on (SR-5).
 *
 * Order of durability (rule 3): what the image needs of the old content is durable before the new is
 * written. That the image is lost is durable before a change is made that it does not hold.
 */
export abstract class Image extends Tap {
  abstract readonly method: ImageMethod;
  readonly volume: Volume;
  protected readonly runtime: Runtime;
  readonly #heads: ImageHeads;
  #state: ImageState = "none";
  #moment = 0;
  /** The newest moment of which anything may be durable. */
  #begunMoment = 0;
  #rolling = false;
  #unread = false;
  #losing: Promise<void> | undefined;
  #last: Promise<unknown> = Promise.resolve();
  /**
   * The image cannot be kept. When it settles, it is durable that no image up to this moment is valid,
   * and what only the image knew is durable elsewhere. Never rejects.
   */
  onLost: (moment: number) => Promise<void> = async () => {};

  constructor({ volume, heads, runtime }: ImageParts) {
    super();
    this.volume = volume;
    this.runtime = runtime;
    this.#heads = heads;
  }

  get state(): ImageState {
    return this.#state;
  }

  /** Counts the moments that there was an image of; identifies the one that this is of. */
  get moment(): number {
    return this.#moment;
  }

  /**
   * The volume is getting the image's content (LS-8). Durable, and kept although the image is lost
   * meanwhile: what is to be brought back stays.
   */
  get rolling(): boolean {
    return this.#rolling;
  }

  /** Its device could not be read at the start. What is there is not known, so there is no image before the next start. */
  get unread(): boolean {
    return this.#unread;
  }

  /** @throws EngineError if there is no room for what a rollback of these tracks needs */
  requireRollbackRoom(_tracks: readonly number[]): void {}

  /** What the volume held at the moment; of tracks that changed, also when the image is lost while it is {@link rolling}. */
  abstract readonly content: ContentSource;

  /** Whether all of these tracks changed since the moment, and the image knows it durably. */
  abstract hasChanged(first: number, last: number): boolean;

  /** The tracks that changed since the moment (SR-2). */
  abstract changedTracks(): Iterable<number>;

  /** Makes what the image of a new moment begins with durable. What the present one has stays. @throws DiskError, EngineError */
  protected abstract prepareMoment(moment: number, revised: boolean): Promise<void>;

  /** The same, long before the moment; what is done here makes the pause short. @throws DiskError */
  protected prepareAhead(moment: number): Promise<void> {
    return this.prepareMoment(moment, false);
  }

  /** The head is durable: the image is of this moment. */
  protected abstract openMoment(): void;

  /** Reads what a crash left. @param rolling as {@link rolling}. @returns whether it can be believed. @throws DiskError */
  protected abstract loadMoment(moment: number, rolling: boolean): Promise<boolean>;

  /** The image is not kept any more. */
  protected closeMoment(): void {}

  /** The tracks are about to change; the caller has them. @returns why the image cannot be kept; "" if it can. @throws DiskError */
  protected abstract preserve(first: number, last: number): Promise<string>;

  // --- its life -------------------------------------------------------------------------------

  /**
   * Reads what is durable.
   * @param voided no image up to this moment is valid; `undefined`: none at all
   * @param rolling the volume was getting the image's content; without, what the image says of that is an old story
   */
  async load(voided: number | undefined, rolling = false): Promise<void> {
    this.#moment = voided ?? 0;
    await this.#load(voided, rolling);
    this.#prepareNext();
  }

  async #load(voided: number | undefined, mayRoll: boolean): Promise<void> {
    try {
      const head = await this.#heads.load();
      if (head === undefined) return;
      const { volume, method } = this;
      const mine =
        head.method === method && head.sizeBytes === volume.sizeBytes && head.trackBytes === volume.trackBytes;
      this.#moment = Math.max(head.moment, voided ?? 0);
      // What a power loss leaves of a volume is not the moment: a journal brings back the rest.
      if (voided === undefined || !mine || !head.fixed || head.unflushed) return;
      const rolling = head.rolling && mayRoll;
      if (head.moment <= voided && !rolling) {
        this.#state = "lost";
        return;
      }
      const whole = await this.loadMoment(head.moment, rolling);
      this.#rolling = rolling && whole;
      this.#state = whole && head.moment > voided ? "fixed" : "lost";
      this.runtime.log.step("image.loaded", { volume: volume.name, moment: this.#moment, state: this.#state });
    } catch (error) {
      const { code } = handled(error, DiskError);
      this.#state = "lost";
      this.#unread = true;
      this.runtime.log.step("image.load.failed", { volume: this.volume.name, code });
    }
  }

  /**
   * Becomes the image of now, durably; one that is there stays, unless it is void.
   * @param voided no image up to this moment is valid
   * @param begun called in the step in which it is of now: until then the caller lets nothing change. A crash before
   *   this settles may take the image with it
   * @returns false if there is none: it was given up
   */
  fix(voided: number, begun: () => void = () => {}): Promise<boolean> {
    return this.#inTime(async (isLate) => {
      if (this.#state === "fixed" && this.#moment > voided) return true;
      // Both at once, since hosts wait; that the first was done before the second counts is said when they go on.
      const flush = async (moment: number): Promise<void> => {
        await Promise.all([
          this.volume.flushDisk(),
          this.#heads.write({ ...this.#head(moment, true), unflushed: true }),
        ]);
      };
      if (!(await this.#become(isLate, flush))) return false;
      begun();
      return this.#seal();
    });
  }

  /** Becomes the image of now although there is one, which stays until then (LS-4). As {@link fix}. */
  revise(): Promise<boolean> {
    return this.#inTime((isLate) =>
      this.#become(isLate, async (moment) => {
        await this.volume.flushDisk();
        await this.#heads.write(this.#head(moment, true));
      }),
    );
  }

  /** @returns whether the image is there still, and will be after a crash */
  async #seal(): Promise<boolean> {
    try {
      await this.#heads.write(this.#head(this.#moment, true));
    } catch (error) {
      await this.lose(handled(error, DiskError).code);
    }
    return this.#state === "fixed" && this.#losing === undefined;
  }

  /**
   * @param isLate nobody waits for it any more: the image was given up
   * @param flush makes durable what is in the cache of the volume's disk, since it belongs to the moment, and the head
   */
  async #become(isLate: () => boolean, flush: (moment: number) => Promise<void>): Promise<boolean> {
    await this.#losing;
    this.#losing = undefined;
    if (isLate()) return false;
    // Part of the content may be elsewhere still: no image of the disk is one of the volume.
    const why = this.#unread ? "unread" : this.volume.rewriter !== undefined ? "restoring" : "";
    if (why === "") return this.#becomeOf(this.#moment + 1, flush);
    await this.lose(why);
    return false;
  }

  async #becomeOf(moment: number, flush: (moment: number) => Promise<void>): Promise<boolean> {
    const { volume, method } = this;
    this.#begunMoment = moment;
    const why = await this.#fixDurably(moment, flush);
    this.#moment = moment;
    if (why !== "") await this.lose(why);
    // It took too long, or what the one before it had under way has failed: whatever is durable by now was given up.
    if (this.#losing !== undefined) {
      await this.#losing;
      this.closeMoment();
      return false;
    }
    this.#rolling = false;
    this.openMoment();
    this.#state = "fixed";
    this.runtime.log.step("image.moment", { volume: volume.name, method, moment });
    return true;
  }

  async #fixDurably(moment: number, flush: (moment: number) => Promise<void>): Promise<string> {
    try {
      await this.prepareMoment(moment, this.#state === "fixed");
      await flush(moment);
      return "";
    } catch (error) {
      return handled(error, DiskError, EngineError).code;
    }
  }

  /**
   * `work` in its turn. If it has not ended in time, the image is given up and the caller goes on; what comes next waits
   * for it all the same.
   */
  #inTime(work: (isLate: () => boolean) => Promise<boolean>): Promise<boolean> {
    return new Promise((resolve, reject) => {
      let isLate = false;
      const giveUp = async (): Promise<void> => {
        await this.lose("late");
        resolve(false);
      };
      const timer = this.runtime.clock.after(FIX_NS_MAX, () => {
        isLate = true;
        this.runtime.tasks.spawn(giveUp());
      });
      this.#inTurn(() => work(() => isLate))
        .then(resolve, reject)
        .finally(() => timer.cancel());
    });
  }

  /** So that the next image is fixed with one write. */
  #prepareNext(): void {
    const prepare = async (): Promise<void> => {
      try {
        if (this.#state !== "fixed" && !this.#unread) await this.prepareAhead(this.#moment + 1);
      } catch (error) {
        // Tried again when it is needed.
        handled(error, DiskError);
      }
    };
    this.runtime.tasks.spawn(this.#inTurn(prepare));
  }

  /**
   * The image is deleted (SR-3); a later one stays.
   * @param voided no image up to this moment is valid, which the caller has made durable
   */
  release(voided: number): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#state === "none" || this.#moment > voided || this.#unread) return;
      await this.#losing;
      this.#losing = undefined;
      this.#state = "none";
      this.closeMoment();
      this.runtime.log.step("image.released", { volume: this.volume.name, moment: this.#moment });
      try {
        await this.#heads.write(this.#head(this.#moment, false));
      } catch (error) {
        handled(error, DiskError);
      }
      this.#prepareNext();
    });
  }

  /** Settles when the image is given up: what follows may change what it does not hold. Never rejects. */
  protected lose(why: string): Promise<void> {
    this.#losing ??= this.#lose(why);
    return this.#losing;
  }

  async #lose(why: string): Promise<void> {
    const { volume, method } = this;
    await this.onLost(Math.max(this.#moment, this.#begunMoment));
    this.#state = "lost";
    this.closeMoment();
    this.runtime.log.step("image.lost", { volume: volume.name, method, moment: this.#moment, why });
  }

  /** Says durably that the volume is getting this content, or has it. @throws DiskError */
  setRolling(rolling: boolean): Promise<void> {
    return this.#inTurn(async () => {
      await this.#heads.write({ ...this.#head(this.#moment, true), rolling });
      this.#rolling = rolling;
    });
  }

  #head(moment: number, fixed: boolean): ImageHead {
    const { method, volume } = this;
    const { sizeBytes, trackBytes } = volume;
    return { method, sizeBytes, trackBytes, moment, fixed, rolling: false, unflushed: false };
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#last.then(work);
    this.#last = done.catch(() => {});
    return done;
  }

  // --- the way of a change --------------------------------------------------------------------

  /** Tracks are preserved whole, each by one change at a time. */
  override get locksTracks(): boolean {
    return true;
  }

  /** What is kept of the old content goes by single changes. */
  override get allowsExchange(): boolean {
    return this.#state !== "fixed";
  }

  override prepare(_update: Update, first: number, last: number): Promise<void> | undefined {
    if (this.#state !== "fixed" || this.hasChanged(first, last)) return undefined;
    return this.#preserve(first, last);
  }

  /** A change never fails because of the image. */
  async #preserve(first: number, last: number): Promise<void> {
    if (this.#losing !== undefined) return this.#losing;
    let why: string;
    try {
      why = await this.preserve(first, last);
    } catch (error) {
      why = handled(error, DiskError).code;
    }
    if (why !== "") await this.lose(why);
  }

  // --- reading --------------------------------------------------------------------------------

  /** Reads the image while hosts write (LS-7). @throws EngineError NO_IMAGE, UNALIGNED, OUT_OF_RANGE, BUSY, DISK_FAILED */
  async read(offsetBytes: number, lengthBytes: number): Promise<Uint8Array> {
    this.volume.checkRange(offsetBytes, lengthBytes);
    this.requireFixed();
    const moment = this.#moment;
    try {
      const data = await this.content.read(offsetBytes, lengthBytes);
      this.requireFixed();
      if (this.#moment !== moment)
        throw new EngineError("NO_IMAGE", { volume: this.volume.name, why: "it was revised meanwhile" });
      return data;
    } catch (error) {
      throw diskFailure(error, this.volume.name);
    }
  }

  /** @throws EngineError NO_IMAGE */
  requireFixed(): void {
    if (this.#state !== "fixed")
      throw new EngineError("NO_IMAGE", { volume: this.volume.name, why: `its state is ${this.#state}` });
  }
}
