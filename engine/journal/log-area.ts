import { assert } from "../assert.ts";
import type { Clock, Disk, Log } from "../ports/index.ts";
import { type PersistentWriter, writePersistently } from "../volume/persistent-write.ts";

/**
 * The circular part of a log volume. Positions count bytes since the journal was made and never
 * fall; where one is on the disk follows from the size.
 */
export class LogArea {
  readonly sizeBytes: number;
  readonly #disk: Disk;
  readonly #startBytes: number;
  readonly #writer: PersistentWriter;

  /** @param startBytes what is before it on the disk. @param sizeBytes whole sectors */
  constructor(disk: Disk, startBytes: number, sizeBytes: number, clock: Clock, log: Log) {
    assert(startBytes + sizeBytes <= disk.sizeBytes, "a log area lies on its disk");
    this.#disk = disk;
    this.#startBytes = startBytes;
    this.sizeBytes = sizeBytes;
    this.#writer = { disk, clock, log, failedStep: "journal.write.failed" };
  }

  /** @throws DiskError */
  async read(position: number, lengthBytes: number): Promise<Uint8Array> {
    const { head, rest } = this.#pieces(position, lengthBytes);
    const found = await this.#disk.read(head.offsetBytes, head.lengthBytes);
    if (rest === undefined) return found;
    const joined = new Uint8Array(lengthBytes);
    joined.set(found);
    joined.set(await this.#disk.read(rest.offsetBytes, rest.lengthBytes), found.length);
    return joined;
  }

  /**
   * Durable when it settles. While the device fails it tries again: a change that needs the record is
   * not acknowledged, and its data not written.
   */
  async write(position: number, data: Uint8Array): Promise<void> {
    const { head, rest } = this.#pieces(position, data.length);
    await writePersistently(this.#writer, head.offsetBytes, data.subarray(0, head.lengthBytes));
    if (rest !== undefined) await writePersistently(this.#writer, rest.offsetBytes, data.subarray(head.lengthBytes));
  }

  /** `rest`: what is beyond the end of the area, and so at its start. */
  #pieces(position: number, lengthBytes: number): { readonly head: Piece; readonly rest?: Piece } {
    assert(lengthBytes <= this.sizeBytes, "what is written to a log fits it");
    const start = position % this.sizeBytes;
    const headBytes = Math.min(lengthBytes, this.sizeBytes - start);
    const head = { offsetBytes: this.#startBytes + start, lengthBytes: headBytes };
    if (headBytes === lengthBytes) return { head };
    return { head, rest: { offsetBytes: this.#startBytes, lengthBytes: lengthBytes - headBytes } };
  }
}

interface Piece {
  readonly offsetBytes: number;
  readonly lengthBytes: number;
}
