import type { Chunk } from "./chunk.ts";
import { Fifo } from "../tcp/fifo.ts";

/** Whoever takes from a channel. */
export interface ChannelConsumer {
  /** Something can be taken, or the channel was closed. Nothing happens if the consumer is busy. */
  inputReady(): void;
}

/**
 * A channel between two stages of a link. It holds `capacityChunks`; one more may stand at the door,
 * which blocks its sender until there is room. Rendezvous steps take no time and no event.
 */
export class Channel {
  consumer: ChannelConsumer | undefined;
  readonly #items = new Fifo<Chunk>();
  readonly #capacityChunks: number;
  #onTaken: (() => void) | undefined;
  #closed = false;

  constructor(capacityChunks: number) {
    this.#capacityChunks = capacityChunks;
  }

  get length(): number {
    return this.#items.length;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** True if the chunk was taken or held; else the sender is blocked until `onTaken`. */
  send(chunk: Chunk, onTaken: () => void): boolean {
    this.#items.push(chunk);
    this.consumer?.inputReady();
    if (this.#items.length <= this.#capacityChunks) return true;
    this.#onTaken = onTaken;
    return false;
  }

  /** The oldest chunk. The consumer must be busy: a sender that this unblocks may send at once. */
  take(): Chunk | undefined {
    const chunk = this.#items.shift();
    const onTaken = this.#onTaken;
    if (onTaken !== undefined && this.#items.length <= this.#capacityChunks) {
      this.#onTaken = undefined;
      onTaken();
    }
    return chunk;
  }

  /** The blocked sender gives up: its chunk does not pass. */
  withdraw(): void {
    if (this.#onTaken === undefined) return;
    this.#onTaken = undefined;
    this.#items.pop();
  }

  /** Nothing will be sent any more. What it holds can still be taken. */
  close(): void {
    this.#closed = true;
    this.consumer?.inputReady();
  }
}
