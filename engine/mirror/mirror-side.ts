import { EngineError } from "../errors.ts";
import type { Disk } from "../ports/index.ts";
import { Bitmap } from "../volume/bitmap.ts";
import { Tap } from "../volume/tap.ts";
import type { Access, Update } from "../volume/volume.ts";
import { IntentBitmap } from "./intent-bitmap.ts";
import type { LocalPair } from "./local-pair.ts";

/**
 * The tap of a local mirror's secondary volume: says who may use it, and remembers what is changed there
 * while it is split. What comes from the primary volume passes by here.
 */
export class MirrorSide extends Tap {
  readonly dirty: Bitmap;
  readonly intents: IntentBitmap;
  readonly #pair: LocalPair;

  constructor(pair: LocalPair, meta: Disk) {
    super();
    this.#pair = pair;
    const { id: pairId, mirrorBitmapOffsetBytes: offsetBytes } = pair.entry;
    const { trackCount } = pair.volume;
    this.dirty = new Bitmap(trackCount);
    const { dirty } = this;
    this.intents = new IntentBitmap(meta, { pairId, offsetBytes, trackCount }, (track) => dirty.has(track), dirty);
  }

  override access(): Access {
    const { entry, busy, mirrorConsistent } = this.#pair;
    if (!mirrorConsistent) return "none";
    // A split that is not durable may yet be undone by a crash, and a resync is about to overwrite it.
    return entry.status === "SPLIT" && entry.mirrorWritable && entry.task === "" && busy === ""
      ? "read-write"
      : "read-only";
  }

  override begin(first: number, last: number): void {
    for (let track = first; track <= last; track++) this.dirty.set(track);
  }

  override prepareRead(first: number, last: number): Promise<void> | undefined {
    return this.#pair.completion?.prepareRead(first, last)?.then(() => {
      const { mirrorConsistent, entry } = this.#pair;
      if (!mirrorConsistent)
        throw new EngineError("NO_ACCESS", { volume: entry.mirrorVolume, why: "a disk failed, the moment is lost" });
    });
  }

  override prepare(_update: Update, first: number, last: number): Promise<void> | undefined {
    return this.intents.mark(first, last);
  }
}
