import type { Channel } from "./channel.ts";
import type { Socket } from "../tcp/socket.ts";

/** What one read takes at most, and so the largest chunk. */
const READ_BYTES_MAX = 32 * 1024;

/**
 * The reading end of a proxy's link. While it is blocked, bytes pile up in the kernel and make larger
 * chunks. It cannot tell a reset from an end.
 */
export class LinkReader {
  readonly #source: Socket;
  readonly #output: Channel;
  readonly #now: () => number;
  readonly #onBytes: (count: number) => void;
  #busy = false;
  #ended = false;

  constructor(source: Socket, output: Channel, now: () => number, onBytes: (count: number) => void) {
    this.#source = source;
    this.#output = output;
    this.#now = now;
    this.#onBytes = onBytes;
  }

  /** The source has bytes or an end, or was closed here. */
  readonly pump = (): void => {
    if (this.#busy) return;
    this.#busy = true;
    const source = this.#source;
    while (!this.#ended) {
      if (source.receivedBytes > 0) {
        const chunk = { bytes: source.take(READ_BYTES_MAX), timestampNs: this.#now() };
        this.#onBytes(chunk.bytes.length);
        // Blocked: it stays busy until the chunk is taken.
        if (!this.#output.send(chunk, this.#taken)) return;
      } else if (source.ended || source.closed) {
        this.#ended = true;
        this.#output.close();
      } else break;
    }
    this.#busy = false;
  };

  readonly #taken = (): void => {
    this.#busy = false;
    this.pump();
  };
}
