import { assert } from "../assert.ts";
import { type Clock, type Disk, DiskError, type Log, NS_PER_MS, sleep } from "../ports/index.ts";

const RETRY_NS_FIRST = NS_PER_MS;
const RETRY_NS_MAX = 1_000 * NS_PER_MS;

/**
 * The circular part of a log volume. Positions count bytes since the journal was made and never
 * fall; where one is on the disk follows from the size.
 */
export class LogArea {
  readonly sizeBytes: number;
  readonly #disk: Disk;
  readonly #startBytes: number;
  readonly #clock: Clock;
  readonly #log: Log;

  /** @param startBytes what is before it on the disk. @param sizeBytes whole sectors */
  constructor(disk: Disk, startBytes: number, sizeBytes: number, clock: Clock, log: Log) {
    assert(startBytes + sizeBytes <= disk.sizeBytes, "a log area lies on its disk");
    this.#disk = disk;
    this.#startBytes = startBytes;
    this.sizeBytes = sizeBytes;
    this.#clock = clock;
    this.#log = log;
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
      await this.#writePiece(offsetBytes, data.subarray(at, at + lengthBytes));
      at += lengthBytes;
    }
  }

  async #writePiece(offsetBytes: number, data: Uint8Array): Promise<void> {
    for (let delayNs = RETRY_NS_FIRST; ; delayNs = Math.min(delayNs * 2, RETRY_NS_MAX)) {
      try {
        return await this.#disk.write(offsetBytes, data, { fua: true });
      } catch (error) {
        if (!(error instanceof DiskError)) throw error;
        this.#log.step("journal.write.failed", { code: error.code, retryMs: delayNs / NS_PER_MS });
        await sleep(this.#clock, delayNs);
      }
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
