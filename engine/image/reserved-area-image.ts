import { assert } from "../assert.ts";
import { IntentBitmap, intentBitmapBytes } from "../mirror/intent-bitmap.ts";
import type { Disk } from "../ports/index.ts";
import type { ContentSource } from "../restore/copy-in.ts";
import { Bitmap } from "../volume/bitmap.ts";
import { allTracks, type TrackCopy, trackCopyAt } from "../volume/track-copy.ts";
import type { Update } from "../volume/volume.ts";
import { CopyOut } from "./copy-out.ts";
import { Image, type ImageParts } from "./image.ts";

/** The durable tables of one moment. */
interface Tables {
  readonly moment: number;
  /** The status of all data (LS-2a): what is not copied into the area yet. */
  readonly copy: TrackCopy;
  /** Tracks that changed, or are about to. */
  readonly changes: IntentBitmap;
}

/**
 * Image method *reserved area* (LS-2a): all data is copied into an area of the volume's size, in the
 * background, and a track before its first change. A revised image copies only what changed (LS-4).
 *
 * Each of two places for the tables is used for every second moment: those of the next are written
 * while the present ones still count.
 */
export class ReservedAreaImage extends Image {
  readonly method = "reserved-area";
  readonly content: ContentSource = {
    read: (offsetBytes, lengthBytes) => {
      assert(this.#copyOut !== undefined, "an image that is read has been fixed");
      return this.#copyOut.read(offsetBytes, lengthBytes);
    },
  };
  readonly #area: Disk;
  readonly #tablesOffsetBytes: number;
  #tables: Tables | undefined;
  #prepared: Tables | undefined;
  #preparedAll = false;
  #copyOut: CopyOut | undefined;
  #copying: Promise<boolean> = Promise.resolve(false);

  /** @param tablesOffsetBytes where the area is free; what follows is the image's */
  constructor(parts: ImageParts, area: Disk, tablesOffsetBytes: number) {
    super(parts);
    this.#area = area;
    this.#tablesOffsetBytes = tablesOffsetBytes;
  }

  /** Bytes that the tables and the copy of a volume take. */
  static neededBytes(sizeBytes: number, trackCount: number): number {
    return 4 * intentBitmapBytes(trackCount) + sizeBytes;
  }

  get #present(): Tables {
    assert(this.#tables !== undefined, "what changed is asked of an image that has been fixed");
    return this.#tables;
  }

  override hasChanged(first: number, last: number): boolean {
    const { changes, copy } = this.#present;
    // A crash may have come between the two: then the change was not made.
    for (let track = first; track <= last; track++)
      if (!changes.marked.has(track) || copy.left.has(track)) return false;
    return true;
  }

  override *changedTracks(): Iterable<number> {
    const { changes, copy } = this.#present;
    // A track that was not copied has not changed, whatever was intended.
    for (const track of changes.marked.indices()) if (!copy.left.has(track)) yield track;
  }

  protected override async prepareMoment(moment: number, revised: boolean): Promise<void> {
    if (!revised && this.#prepared?.moment === moment && this.#preparedAll) return;
    this.#copyOut?.stop();
    await this.#copying;
    const { trackCount } = this.volume;
    const tables = this.#place(moment);
    const stale = revised ? staleTracks(this.#present) : allTracks(trackCount);
    await Promise.all([tables.copy.begin(stale), tables.changes.writeAll()]);
    this.#prepared = tables;
    this.#preparedAll = !revised;
  }

  protected override openMoment(): void {
    const tables = this.#prepared;
    assert(tables?.moment === this.moment, "the tables of a moment are prepared before it is fixed");
    this.#prepared = undefined;
    this.#open(tables);
  }

  #open(tables: Tables): void {
    const { volume, runtime } = this;
    this.#tables = tables;
    this.#copyOut = new CopyOut({
      volume,
      target: this.#area,
      targetOffsetBytes: this.#tablesOffsetBytes + 4 * intentBitmapBytes(volume.trackCount),
      tracks: tables.copy,
      runtime,
      name: `image of ${volume.name}`,
      onLost: (why) => this.lose(why),
    });
    this.#copying = this.#copyOut.run();
    runtime.tasks.spawn(this.#copying);
  }

  protected override async loadMoment(moment: number): Promise<boolean> {
    const tables = this.#place(moment);
    if (!(await tables.copy.load())) return false;
    if ((await tables.changes.load(new Bitmap(this.volume.trackCount))) > 0) return false;
    this.#open(tables);
    return true;
  }

  protected override closeMoment(): void {
    this.#copyOut?.stop();
  }

  protected override async preserve(first: number, last: number): Promise<string> {
    const tables = this.#present;
    const copyOut = this.#copyOut;
    assert(copyOut !== undefined, "an image that has its tables copies by them");
    await Promise.all([tables.changes.mark(first, last), copyOut.prepare(NOTHING, first, last)]);
    return "";
  }

  #place(moment: number): Tables {
    const { trackCount, trackBytes } = this.volume;
    const bytes = intentBitmapBytes(trackCount);
    const offsetBytes = this.#tablesOffsetBytes + (moment % 2) * 2 * bytes;
    // The moment in every sector tells it from what an earlier image left there.
    const place = { pairId: moment, offsetBytes, trackCount };
    const behind = { ...place, offsetBytes: offsetBytes + bytes };
    return {
      moment,
      copy: trackCopyAt(this.#area, place, trackBytes),
      // At a new moment nothing has changed yet.
      changes: new IntentBitmap(this.#area, behind, () => false),
    };
  }
}

function* staleTracks({ copy, changes }: Tables): Generator<number> {
  yield* copy.left.indices();
  yield* changes.marked.indices();
}

/** What a change is does not matter to a copy. */
const NOTHING: Update = { kind: "zero", offsetBytes: 0, lengthBytes: 0 };
