import { NS_PER_MS, sleep } from "../ports/index.ts";
import type { Runtime } from "../runtime.ts";
import { copyInBackground } from "../volume/background-copy.ts";
import { Bitmap } from "../volume/bitmap.ts";
import { Tap } from "../volume/tap.ts";
import type { TrackCopy } from "../volume/track-copy.ts";
import type { Update, Volume } from "../volume/volume.ts";
import { isZero } from "../wire/zero-range.ts";

/** A device that fails may be mended; nothing is lost by trying again. */
const RETRY_NS = 100 * NS_PER_MS;

/** Content of an earlier moment: a mirror, an image, a journal. It does not change while it is brought back. */
export interface ContentSource {
  /** @throws DiskError */
  read(offsetBytes: number, lengthBytes: number): Promise<Uint8Array>;
}

export interface CopyInParts {
  readonly volume: Volume;
  readonly source: ContentSource;
  readonly tracks: TrackCopy;
  readonly runtime: Runtime;
  /** For the log: what is brought back. */
  readonly name: string;
  /** What kind of source it is. */
  readonly from: "mirror" | "image" | "journal";
  /** Tells the restores of one source apart. */
  readonly id: number;
  /** Taps besides this one that must not hear of what is brought: they know it already. */
  readonly silent?: readonly Tap[];
}

/**
 * A volume takes over other content, for its hosts at once (CR-2, CR-7): a track that they read is
 * brought first, one that they write in part is brought and then written, one that they write whole
 * needs nothing any more (CR-4); the rest is brought in the background. Each of the two stores has a
 * status for each track (CR-3): `left` says that the volume's is invalid, `altered` that the source's is.
 *
 * A track is durable in the volume before it leaves the set, and a host's write to a track that was
 * left is acknowledged only then: after a crash the same tracks are brought again, and nothing that
 * was acknowledged is among them (CR-8).
 */
export class CopyIn extends Tap {
  readonly #parts: CopyInParts;
  /** Tracks that hosts changed since it began (CR-5). */
  readonly altered: Bitmap;

  constructor(parts: CopyInParts) {
    super();
    this.#parts = parts;
    this.altered = new Bitmap(parts.volume.trackCount);
  }

  get volume(): Volume {
    return this.#parts.volume;
  }

  get from(): CopyInParts["from"] {
    return this.#parts.from;
  }

  get id(): number {
    return this.#parts.id;
  }

  get tracks(): TrackCopy {
    return this.#parts.tracks;
  }

  override get locksTracks(): boolean {
    return true;
  }

  override get comesFirst(): boolean {
    return true;
  }

  /** A journal knows what it brings back itself. */
  override get isMixture(): boolean {
    return this.#parts.from !== "journal" && this.#parts.tracks.left.count > 0;
  }

  override *displaced(): Generator<number> {
    yield* this.#parts.tracks.left.indices();
  }

  override prepareRead(first: number, last: number): Promise<void> | undefined {
    for (const _ of this.#parts.tracks.runs(first, last)) return this.#bringForRead(first, last);
    return undefined;
  }

  async #bringForRead(first: number, last: number): Promise<void> {
    const { volume, tracks } = this.#parts;
    for (const [from, to] of tracks.runs(first, last)) {
      const release = await volume.locks.acquire(from * volume.trackBytes, (to + 1) * volume.trackBytes);
      try {
        for (const run of tracks.runs(from, to)) await this.#bring(run);
      } finally {
        release();
      }
    }
  }

  override prepare(update: Update, first: number, last: number): Promise<void> | undefined {
    const { volume, tracks } = this.#parts;
    const startBytes = update.offsetBytes;
    const endBytes = startBytes + (update.kind === "write" ? update.data.length : update.lengthBytes);
    const edges: number[] = [];
    if (startBytes > first * volume.trackBytes && tracks.needs(first)) edges.push(first);
    const lastEndBytes = Math.min((last + 1) * volume.trackBytes, volume.sizeBytes);
    if (endBytes < lastEndBytes && tracks.needs(last) && !edges.includes(last)) edges.push(last);
    if (edges.length === 0) return undefined;
    return this.#bringEdges(edges);
  }

  async #bringEdges(edges: readonly number[]): Promise<void> {
    for (const track of edges) await this.#bring([track, track]);
  }

  override commit(_update: Update, first: number, last: number): undefined {
    for (let track = first; track <= last; track++) this.altered.set(track);
  }

  /** The tracks are valid now; without a durable word of it a crash would bring the old content over the host's. */
  override written(_update: Update, first: number, last: number): Promise<void> | undefined {
    const touched: number[] = [];
    for (let track = first; track <= last; track++) if (this.#parts.tracks.left.has(track)) touched.push(track);
    return touched.length === 0 ? undefined : this.#settle(touched);
  }

  /** The caller holds the tracks. */
  async #bring([first, last]: readonly [first: number, last: number]): Promise<void> {
    const { volume, source, tracks, silent = [], runtime, name } = this.#parts;
    const { offsetBytes, lengthBytes } = volume.extent(first, last);
    const data = await source.read(offsetBytes, lengthBytes);
    const update: Update = isZero(data)
      ? { kind: "zero", offsetBytes, lengthBytes }
      : { kind: "write", offsetBytes, data, fua: false };
    await volume.applyLocked(update, this, ...silent);
    tracks.copied(first, last);
    runtime.log.step("restore.brought", { name, track: first, tracks: last - first + 1 });
  }

  async #settle(touched: readonly number[]): Promise<void> {
    const { volume, tracks } = this.#parts;
    await volume.disk.flush();
    await tracks.settle(touched);
  }

  /** Brings everything. Begin with it once the tracks are durable and this is a tap of the volume. */
  async run(): Promise<void> {
    const { volume, tracks, runtime, name } = this.#parts;
    await copyInBackground({
      volume,
      tracks,
      goesOn: () => true,
      copy: (run) => this.#bring(run),
      settle: (copied) => this.#settle(copied),
      failed: (error) => {
        runtime.log.step("restore.failed", { name, code: error.code });
        return sleep(runtime.clock, RETRY_NS);
      },
    });
  }
}
