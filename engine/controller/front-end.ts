import type { Volume } from "../volume/volume.ts";

/** A larger write goes in pieces: one frame holds at most twice as much. */
const WRITE_BYTES_MAX = 512 * 1024;

/** The host side of a system: a volume as a block device. Ranges in multiples of 512 bytes. */
export class FrontEndDevice {
  readonly #volume: Volume;

  constructor(volume: Volume) {
    this.#volume = volume;
  }

  get sizeBytes(): number {
    return this.#volume.sizeBytes;
  }

  /** @throws EngineError NO_ACCESS, OUT_OF_RANGE, UNALIGNED, DISK_FAILED */
  read(offsetBytes: number, lengthBytes: number): Promise<Uint8Array> {
    return this.#volume.read(offsetBytes, lengthBytes);
  }

  /**
   * Acknowledged when the data is where every pair's mode says (BR-4). The bytes are the caller's
   * again then; what is still on its way to the other end is a copy.
   * @throws EngineError as {@link read}, BUSY
   */
  write(offsetBytes: number, data: Uint8Array, options: { readonly fua?: boolean } = {}): Promise<void> {
    const fua = options.fua === true;
    if (data.length > WRITE_BYTES_MAX) return this.#writeInPieces(offsetBytes, data, fua);
    return this.#volume.update({ kind: "write", offsetBytes, data, fua });
  }

  async #writeInPieces(offsetBytes: number, data: Uint8Array, fua: boolean): Promise<void> {
    this.#volume.checkRange(offsetBytes, data.length);
    for (let at = 0; at < data.length; at += WRITE_BYTES_MAX) {
      const piece = data.subarray(at, at + WRITE_BYTES_MAX);
      await this.#volume.update({ kind: "write", offsetBytes: offsetBytes + at, data: piece, fua });
    }
  }

  /** Durable on every disk that the acknowledgements of completed writes spoke for. */
  flush(): Promise<void> {
    return this.#volume.flush();
  }

  /** The range reads as zeros afterwards. */
  trim(offsetBytes: number, lengthBytes: number): Promise<void> {
    return this.#volume.update({ kind: "zero", offsetBytes, lengthBytes });
  }

  writeZeroes(offsetBytes: number, lengthBytes: number): Promise<void> {
    return this.#volume.update({ kind: "zero", offsetBytes, lengthBytes });
  }
}
