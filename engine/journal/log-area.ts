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
    const [first, second] = this.#pieces(position, lengthBytes);
    const head = await this.#disk.read(first.offsetBytes, first.lengthBytes);
    if (second === undefined) return head;
    const joined = new Uint8Array(lengthBytes);
    joined.set(head);
    joined.set(await this.#disk.read(second.offsetBytes, second.lengthBytes), head.length);
    return joined;
  }

  /**
   * Durable when it settles. While the device fails it tries again: a change that needs the record is
   * not acknowledged, and its data not written.
   */
  async write(position: number, data: Uint8Array): Promise<void> {
    let at = 0;
    for (const piece of this.#pieces(position, data.length)) {
      if (piece === undefined) continue;
      const { offsetBytes, lengthBytes } = piece;
      await writePersistently(this.#writer, offsetBytes, data.subarray(at, at + lengthBytes));
      at += lengthBytes;
    }
  }

  #pieces(position: number, lengthBytes: number): readonly [Piece, Piece?] {
    assert(lengthBytes <= this.sizeBytes, "what is written to a log fits it");
    const start = position % this.sizeBytes;
    const headBytes = Math.min(lengthBytes, this.sizeBytes - start);
    const head = { offsetBytes: this.#startBytes + start, lengthBytes: headBytes };
    if (headBytes === lengthBytes) return [head];
    return [head, { offsetBytes: this.#startBytes, lengthBytes: lengthBytes - headBytes }];
  }
}

interface Piece {
  readonly offsetBytes: number;
  readonly lengthBytes: number;
}
