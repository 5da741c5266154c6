import type { Frame } from "./frame.ts";

/** Bytes of frames, headers included; what the link itself adds is not counted. */
export class ByteCount {
  sentBytes = 0;
  receivedBytes = 0;
}

/** What goes over one link and comes back, of all sessions since the start, and each pair's part of it. */
export class Traffic extends ByteCount {
  readonly #partOf: (pairId: number) => ByteCount | undefined;
  #lastId = 0;
  #lastPart: ByteCount | undefined;

  /** @param partOf the count of a pair, always the same; `undefined` for an identifier that nobody has */
  constructor(partOf: (pairId: number) => ByteCount | undefined) {
    super();
    this.#partOf = partOf;
  }

  sent(pairId: number, bytes: number): void {
    this.sentBytes += bytes;
    const part = this.#part(pairId);
    if (part !== undefined) part.sentBytes += bytes;
  }

  received({ pairId }: Frame, bytes: number): void {
    this.receivedBytes += bytes;
    const part = this.#part(pairId);
    if (part !== undefined) part.receivedBytes += bytes;
  }

  /** Rows of frames are of one pair. */
  #part(pairId: number): ByteCount | undefined {
    if (pairId === 0) return undefined;
    if (this.#lastPart === undefined || pairId !== this.#lastId) {
      this.#lastPart = this.#partOf(pairId);
      this.#lastId = pairId;
    }
    return this.#lastPart;
  }
}
