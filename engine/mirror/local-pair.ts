import { EngineError } from "../errors.ts";
import { handled } from "../handled.ts";
import { type Disk, DiskError } from "../ports/index.ts";
import type { CopyIn } from "../restore/copy-in.ts";
import type { Runtime } from "../runtime.ts";
import { unionOf } from "../volume/bitmap.ts";
import { diskFailure } from "../volume/disk-failure.ts";
import { Tap } from "../volume/tap.ts";
import type { Update, Volume } from "../volume/volume.ts";
import type { CopyManagementTable } from "./copy-management-table.ts";
import { IntentBitmap } from "./intent-bitmap.ts";
import type { LocalCompletion } from "./local-completion.ts";
import type { LocalPairEntry } from "./local-pair-entry.ts";
import { MirrorSide } from "./mirror-side.ts";
import type { CopyProgress } from "./pair.ts";
import { setStatus } from "./pair-status.ts";
import { PendingTracks } from "./pending-tracks.ts";

/** What a {@link LocalPair} is made on. */
export interface LocalPairParts {
  readonly volume: Volume;
  readonly mirror: Volume;
  readonly table: CopyManagementTable;
  readonly meta: Disk;
  readonly runtime: Runtime;
}

interface MirrorWrite {
  readonly first: number;
  readonly last: number;
  readonly done: Promise<void>;
}

/**
 * A local mirror: two volumes of one system (BR-5). This is the tap of its primary volume: while the
 * mirror is not split, every change goes to the mirror's disk too before it is acknowledged, also
 * a change that comes from a remote mirror. A mirror whose disk fails is suspended; its volume never
 * hears of it. How copies and splits change it is in `local-copy.ts` and `local-split.ts`.
 *
 * Durability (rule 3): a track is marked before either disk is written, and the mark stays until both
 * disks were flushed after the write. So after a power loss every difference is marked.
 */
export class LocalPair extends Tap {
  readonly entry: LocalPairEntry;
  readonly volume: Volume;
  readonly mirror: Volume;
  /** Updates of the volume that the mirror may lack. */
  readonly pending: PendingTracks;
  readonly intents: IntentBitmap;
  /** The mirror's tap, with the updates of the mirror. */
  readonly mirrorSide: MirrorSide;
  readonly runtime: Runtime;
  readonly table: CopyManagementTable;
  /** Changes of the volume go to the mirror. Flips only between awaits (rule 4). */
  live = false;
  /** A command that is not durable yet. */
  busy: "" | "split" | "resync" | "restore" | "delete" = "";
  /** What brings the mirror's content into the volume now. */
  restore: CopyIn | undefined;
  /** The copy that runs; whoever sets another one ends it. */
  copying: object | undefined;
  progress: CopyProgress | undefined;
  /** What copies the rest of a mirror that was split before it was in sync. */
  completion: LocalCompletion | undefined;
  /** Called after a disk failed: try again later. */
  onFailed: () => void = () => {};
  /** Counts the failures: what was under way during one counts as lost. */
  #failures = 0;
  readonly #underWay = new Set<MirrorWrite>();
  #flushing: Promise<boolean> | undefined;

  constructor(entry: LocalPairEntry, { volume, mirror, table, meta, runtime }: LocalPairParts) {
    super();
    this.entry = entry;
    this.volume = volume;
    this.mirror = mirror;
    this.table = table;
    this.runtime = runtime;
    const { id: pairId, bitmapOffsetBytes: offsetBytes } = entry;
    const { trackCount } = volume;
    this.pending = new PendingTracks(trackCount);
    const { pending } = this;
    const place = { pairId, offsetBytes, trackCount };
    this.intents = new IntentBitmap(meta, place, (track) => pending.has(track), pending.dirty);
    this.mirrorSide = new MirrorSide(this, meta);
  }

  /** Whether the volumes may differ in the track, as far as either side knows. */
  mayDiffer(trackIndex: number): boolean {
    const restoring = this.restore?.tracks.left.has(trackIndex) === true;
    return restoring || this.pending.has(trackIndex) || this.mirrorSide.dirty.has(trackIndex);
  }

  /** The tracks from `from` on of which {@link mayDiffer} says so, ascending. */
  differing(from: number): Iterable<number> {
    const restoring = this.restore?.tracks.left.indices(from) ?? [];
    return unionOf(restoring, this.pending.indices(from), this.mirrorSide.dirty.indices(from));
  }

  /** Whether the mirror's content is that of the volume at some moment. */
  get mirrorConsistent(): boolean {
    const { status, suspension } = this.entry;
    if (status === "SPLIT") return suspension === "operator";
    const { volume } = this;
    return status === "DUPLEX" && volume.access() !== "none" && volume.rewriter === undefined;
  }

  override begin(first: number, last: number): void {
    this.pending.begin(first, last);
  }

  override prepare(_update: Update, first: number, last: number): Promise<void> | undefined {
    return this.intents.mark(first, last);
  }

  override commit(update: Update, first: number, last: number): Promise<void> | undefined {
    if (!this.live) this.pending.soil(first, last);
    // The copy will carry the whole of a dirty track.
    else if (!this.pending.allDirty(first, last)) return this.#mirrorChange(update, first, last);
    return undefined;
  }

  async #mirrorChange(update: Update, first: number, last: number): Promise<void> {
    const failures = this.#failures;
    const done = this.write(update);
    const underWay = { first, last, done };
    this.#underWay.add(underWay);
    try {
      await done;
    } catch (error) {
      this.pending.soil(first, last);
      this.fail(error);
    } finally {
      this.#underWay.delete(underWay);
    }
    if (failures === this.#failures) this.pending.sent(first, last, this.mirror.tick);
    else this.pending.soil(first, last);
  }

  /** Changes the mirror's disk; the caller holds the range of the volume. @throws DiskError, EngineError */
  write(update: Update): Promise<void> {
    return this.mirror.apply(update, this.mirrorSide);
  }

  override failed(first: number, last: number): void {
    this.pending.soil(first, last);
    // The mirror may have what the volume refused.
    if (this.live) this.runtime.tasks.spawn(this.suspend("the volume's disk failed"));
  }

  override end(first: number, last: number, tick: number): void {
    this.pending.end(first, last, tick);
  }

  override get activeCount(): number {
    return this.pending.activeCount;
  }

  override flush(): Promise<void> | undefined {
    return this.pending.activeCount > 0 ? this.flushMirror().then(() => {}) : undefined;
  }

  override flushBehind(): void {
    this.#flushing = this.pending.activeCount > 0 ? this.flushMirror() : undefined;
  }

  override retire(): void {
    this.pending.retire(this.mirror.flushedTick, this.volume.flushedTick);
  }

  override async sweep(_isCold: boolean): Promise<void> {
    await this.#flushing;
    this.retire();
    await this.intents.sweep(this.pending.count, this.pending.activeCount === 0);
  }

  /** Makes the mirror durable. @returns false if its disk failed: it is suspended then */
  async flushMirror(): Promise<boolean> {
    try {
      await this.mirror.flushDisk();
      return true;
    } catch (error) {
      this.fail(error);
      return false;
    }
  }

  /** Settles when every change that went to the mirror so far has ended there. */
  async mirrorWritten(): Promise<void> {
    await Promise.allSettled([...this.#underWay].map(({ done }) => done));
  }

  /** Takes a failure of the mirror. Our own bugs pass through. */
  fail(error: unknown): void {
    const { code } = handled(error, DiskError, EngineError);
    if (this.live || this.busy === "split") this.runtime.tasks.spawn(this.suspend(code));
    // Nothing is known of what was not flushed.
    else this.pending.lose();
  }

  /**
   * In one step: nothing goes to the mirror any more, and what was on its way is to be copied.
   * @returns settles when it is durable
   */
  suspend(why: string): Promise<void> {
    const { entry } = this;
    this.#failures++;
    this.live = false;
    this.copying = undefined;
    this.progress = undefined;
    this.pending.lose();
    for (const { first, last } of this.#underWay) this.pending.soil(first, last);
    const { completion } = this;
    completion?.stop();
    setStatus(entry, "SPLIT");
    entry.suspension = "error";
    entry.task = "";
    this.runtime.log.step("local.suspended", { pair: entry.name, why, pending: this.pending.count });
    this.onFailed();
    return this.table.persist().then(() => completion?.forget());
  }

  /** Makes the marks of all pending tracks durable. @throws EngineError DISK_FAILED */
  async writeIntents(intents: IntentBitmap = this.intents): Promise<void> {
    try {
      await intents.writeAll();
    } catch (error) {
      throw diskFailure(error, "meta");
    }
  }
}
