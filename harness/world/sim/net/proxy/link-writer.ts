import type { Channel, ChannelConsumer } from "./channel.ts";
import type { Socket } from "../tcp/socket.ts";

/** The writing end of a proxy's link: one write per chunk. At the end, or an error, it closes the socket. */
export class LinkWriter implements ChannelConsumer {
  readonly #input: Channel;
  readonly #destination: Socket;
  readonly #onBytes: (count: number) => void;
  readonly #onDone: () => void;
  #busy = false;
  #done = false;
  #unsent: Uint8Array | undefined;

  constructor(input: Channel, destination: Socket, onBytes: (count: number) => void, onDone: () => void) {
    this.#input = input;
    this.#destination = destination;
    this.#onBytes = onBytes;
    this.#onDone = onDone;
    input.consumer = this;
  }

  inputReady(): void {
    if (this.#busy || this.#done) return;
    this.#busy = true;
    while (this.#unsent === undefined && !this.#done) {
      if (this.#input.length > 0) {
        this.#unsent = this.#input.take()?.bytes;
        this.#write();
      } else if (this.#input.closed) this.#finish();
      else break;
    }
    this.#busy = false;
  }

  /** The destination has room again, or was reset. */
  readonly roomAgain = (): void => {
    this.#write();
    this.inputReady();
  };

  #write(): void {
    const bytes = this.#unsent;
    const destination = this.#destination;
    if (bytes === undefined || this.#done) return;
    // Nothing to write is not written: so nobody learns from it that the connection has ended.
    if (bytes.length === 0) {
      this.#unsent = undefined;
      return;
    }
    if (destination.sendEnded) {
      this.#unsent = undefined;
      this.#finish();
      return;
    }
    const sent = destination.send(bytes);
    this.#onBytes(sent);
    this.#unsent = sent < bytes.length ? bytes.subarray(sent) : undefined;
  }

  #finish(): void {
    this.#done = true;
    this.#onDone();
  }
}
