import { type Disk, DiskError } from "../ports/index.ts";
import type { ContentSource } from "../restore/copy-in.ts";
import { crc32c } from "../wire/crc32c.ts";
import { ExceptionStore, exceptionStoreBytes } from "./exception-store.ts";
import type { Exception } from "./exception-table.ts";
import { Image, type ImageParts } from "./image.ts";

/**
 * Image method *old-data table* (LS-2c), and the snapshot of SR: before the first change of a track its
 * old content goes to the area, and its exception into the table; the image is the volume with that laid
 * over. Memory: one entry an exception.
 */
export class OldDataImage extends Image {
  readonly method = "old-data";
  readonly content: ContentSource = { read: (offsetBytes, lengthBytes) => this.#read(offsetBytes, lengthBytes) };
  readonly #area: Disk;
  readonly #store: ExceptionStore;

  /** @param storeOffsetBytes where the area is free; what follows is the image's */
  constructor(parts: ImageParts, area: Disk, storeOffsetBytes: number) {
    super(parts);
    this.#area = area;
    this.#store = new ExceptionStore(area, {
      offsetBytes: storeOffsetBytes,
      endBytes: area.sizeBytes,
      trackBytes: parts.volume.trackBytes,
    });
  }

  /** Bytes that the tables and the old content of one track take. */
  static neededBytes(trackBytes: number): number {
    return exceptionStoreBytes(1, trackBytes);
  }

  override hasChanged(first: number, last: number): boolean {
    for (let track = first; track <= last; track++) if (!this.#store.known.has(track)) return false;
    return true;
  }

  override changedTracks(): Iterable<number> {
    return this.#store.known.keys();
  }

  protected override prepareMoment(moment: number): Promise<void> {
    return this.#store.prepare(moment);
  }

  protected override openMoment(): void {
    this.#store.open(this.moment);
  }

  protected override loadMoment(moment: number): Promise<boolean> {
    return this.#store.load(moment);
  }

  protected override async preserve(first: number, last: number): Promise<string> {
    const store = this.#store;
    let needed = 0;
    for (let track = first; track <= last; track++) if (!store.known.has(track)) needed++;
    if (needed > store.freeSlots) return "full";
    const exceptions: Exception[] = [];
    const contents: Uint8Array[] = [];
    let slot = store.take(needed);
    for (let track = first; track <= last; track++) {
      if (store.known.has(track)) continue;
      const content = await this.#origin(track);
      exceptions.push({ track, slot, checksum: crc32c(content) });
      contents.push(content);
      slot++;
    }
    // All at once, and not before the last read: one that fails meanwhile would fail unheard.
    await Promise.all(
      exceptions.map((exception, index) =>
        this.#area.write(store.slotOffsetBytes(exception.slot), contents[index] as Uint8Array),
      ),
    );
    await store.commit(exceptions);
    this.runtime.log.step("image.exception", { volume: this.volume.name, track: first, tracks: needed });
    return "";
  }

  /** The whole track as the volume has it; the caller holds it. */
  #origin(track: number): Promise<Uint8Array> {
    const { disk, trackBytes, sizeBytes } = this.volume;
    const offsetBytes = track * trackBytes;
    return disk.read(offsetBytes, Math.min(trackBytes, sizeBytes - offsetBytes));
  }

  async #read(offsetBytes: number, lengthBytes: number): Promise<Uint8Array> {
    const { trackBytes } = this.volume;
    const result = new Uint8Array(lengthBytes);
    const endBytes = offsetBytes + lengthBytes;
    for (let at = offsetBytes; at < endBytes; ) {
      const track = Math.floor(at / trackBytes);
      const nextBytes = Math.min((track + 1) * trackBytes, endBytes);
      const content = await this.#track(track);
      const startBytes = track * trackBytes;
      result.set(content.subarray(at - startBytes, nextBytes - startBytes), at - offsetBytes);
      at = nextBytes;
    }
    return result;
  }

  async #track(track: number): Promise<Uint8Array> {
    const { volume } = this;
    let exception = this.#store.known.get(track);
    if (exception === undefined) {
      // A change of the track waits until it is read, or is through and has left an exception: what is
      // read from the volume must not race with its change.
      const release = await volume.locks.acquire(track * volume.trackBytes, (track + 1) * volume.trackBytes);
      try {
        exception = this.#store.known.get(track);
        if (exception === undefined) return await this.#origin(track);
      } finally {
        release();
      }
    }
    const { trackBytes, sizeBytes } = volume;
    const lengthBytes = Math.min(trackBytes, sizeBytes - track * trackBytes);
    const offsetBytes = this.#store.slotOffsetBytes(exception.slot);
    const content = await this.#area.read(offsetBytes, lengthBytes);
    if (crc32c(content) === exception.checksum) return content;
    await this.lose("corrupt");
    throw new DiskError("EIO", offsetBytes, lengthBytes);
  }
}
