import { assert } from "../assert.ts";
import { EngineError } from "../errors.ts";
import { handled } from "../handled.ts";
import { journalTracks } from "../journal/base-copy.ts";
import type { Journal } from "../journal/journal.ts";
import { RECORD_HEADER_BYTES } from "../journal/journal-record.ts";
import { logAreaBytes } from "../journal/log-layout.ts";
import type { JournalPin } from "../journal/moments.ts";
import { DiskError, SECTOR_BYTES } from "../ports/index.ts";
import type { ContentSource } from "../restore/copy-in.ts";
import type { Runtime } from "../runtime.ts";
import { Bitmap } from "../volume/bitmap.ts";
import type { Access } from "../volume/volume.ts";
import type { ImageWithRollback } from "./area-image.ts";
import { Image, type ImageHeads } from "./image.ts";
import type { ImageHead } from "./image-head.ts";

/** Of the log, what a rollback leaves free: it brings pieces of 64 KiB at most. */
const SPARE_BYTES = 4 * 64 * 1024;

/** An image that is an entry of the volume's journal. */
export function openLsnImage(journal: Journal, runtime: Runtime): ImageWithRollback {
  return { image: new LsnImage(journal, runtime), rollback: journalTracks(journal, "recovery") };
}

/**
 * Image method *log sequence number* (LS-2b): the image is what the volume's journal holds up to the entry
 * that was the last one at the moment. Nothing is copied; folding does not pass the entry while there is
 * room in the log, and when there is none, the image is lost.
 */
class LsnImage extends Image {
  readonly method = "lsn";
  readonly content: ContentSource = { read: (offsetBytes, lengthBytes) => this.#read(offsetBytes, lengthBytes) };
  readonly #journal: Journal;
  #pin: JournalPin | undefined;
  #nextPin: JournalPin | undefined;
  #changed: Bitmap;

  constructor(journal: Journal, runtime: Runtime) {
    const { volume } = journal.parts;
    super({ volume, heads: new JournalHeads(journal, () => this.#nextPin ?? this.#pin), runtime });
    this.#journal = journal;
    this.#changed = new Bitmap(volume.trackCount);
  }

  override hasChanged(first: number, last: number): boolean {
    for (let track = first; track <= last; track++) if (!this.#changed.has(track)) return false;
    return true;
  }

  override changedTracks(): Iterable<number> {
    return this.#changed.indices();
  }

  /** While the content is brought back, hosts would take the room in the log that it needs. */
  override access(): Access {
    return this.rolling ? "read-only" : "read-write";
  }

  protected override async prepareAhead(): Promise<void> {}

  protected override async prepareMoment(): Promise<void> {
    this.#nextPin?.release();
    await this.#journal.mark();
    // Nothing is under way: the newest entry is the last one.
    this.#nextPin = this.#keep(this.#journal.table.doneLsn);
  }

  #keep(lsn: number): JournalPin {
    return this.#journal.moments.pin(lsn, () => this.runtime.tasks.spawn(this.lose("full")));
  }

  protected override openMoment(): void {
    this.#pin?.release();
    this.#pin = this.#nextPin;
    this.#nextPin = undefined;
    this.#changed = new Bitmap(this.volume.trackCount);
    // Of these the image has what the journal says, and nobody knows what the volume has.
    this.#journal.unsure.addTo(this.#changed);
  }

  protected override async loadMoment(_moment: number, rolling: boolean): Promise<boolean> {
    const { imageLsn } = this.#journal.management.state;
    try {
      this.#pin = this.#keep(imageLsn);
      this.#changed = this.#journal.moments.changedSince(imageLsn);
      if (rolling) this.#journal.moments.hold(imageLsn);
      return true;
    } catch (error) {
      handled(error, EngineError);
      return false;
    }
  }

  protected override closeMoment(): void {
    this.#pin?.release();
    this.#nextPin?.release();
    this.#nextPin = undefined;
  }

  /** The journal has the change already, durably: it comes before images. */
  protected override async preserve(first: number, last: number): Promise<string> {
    for (let track = first; track <= last; track++) this.#changed.set(track);
    return "";
  }

  override async setRolling(rolling: boolean): Promise<void> {
    const { moments } = this.#journal;
    if (rolling) moments.hold(this.#pin?.lsn);
    await super.setRolling(rolling);
    if (!rolling) moments.hold(undefined);
  }

  override requireRollbackRoom(tracks: readonly number[]): void {
    const { log, parts } = this.#journal;
    const neededBytes = tracks.length * (this.volume.trackBytes + RECORD_HEADER_BYTES + SECTOR_BYTES) + SPARE_BYTES;
    const sizeBytes = logAreaBytes(parts) - log.usedBytes;
    if (neededBytes > sizeBytes)
      throw new EngineError("JOURNAL_TOO_SMALL", { volume: parts.log.name, neededBytes, sizeBytes });
  }

  async #read(offsetBytes: number, lengthBytes: number): Promise<Uint8Array> {
    assert(this.#pin !== undefined, "an image that is read has been fixed");
    try {
      return await this.#journal.moments.readAt(this.#pin.lsn, offsetBytes, lengthBytes);
    } catch (error) {
      handled(error, EngineError);
      await this.lose("full");
      throw new DiskError("EIO", offsetBytes, lengthBytes);
    }
  }
}

/** The head of the image in the journal function management table. */
class JournalHeads implements ImageHeads {
  readonly #journal: Journal;
  readonly #pin: () => JournalPin | undefined;

  constructor(journal: Journal, pin: () => JournalPin | undefined) {
    this.#journal = journal;
    this.#pin = pin;
  }

  async load(): Promise<ImageHead | undefined> {
    const { imageMoment: moment, imageFixed: fixed, imageRolling: rolling } = this.#journal.management.state;
    if (moment === 0) return undefined;
    const { sizeBytes, trackBytes } = this.#journal.parts.volume;
    // Its content is in the journal: a power loss takes nothing of it.
    return { method: "lsn", sizeBytes, trackBytes, moment, fixed, rolling, unflushed: false };
  }

  async write({ moment, fixed, rolling }: ImageHead): Promise<void> {
    const { management } = this.#journal;
    const { state } = management;
    state.imageMoment = moment;
    state.imageLsn = this.#pin()?.lsn ?? 0;
    state.imageFixed = fixed;
    state.imageRolling = rolling;
    await management.persist();
  }
}
