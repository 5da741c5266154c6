import type { Socket } from "node:net";
import { type Link, LinkError } from "../../ports/index.ts";
import { plainView } from "../plain-bytes.ts";
import type { ReceiveSlab } from "./receive-slab.ts";

/** Bytes that `write` takes before it lets its caller wait, besides those in the buffers of the system. */
const QUEUED_BYTES_MAX = 1024 * 1024;
/** Bytes that have arrived and that nobody has read; beyond them the socket is not read. */
const ARRIVED_BYTES_MAX = 1024 * 1024;
/** So much is handed over at once rather than at the end of the turn. */
const CORKED_BYTES_MAX = 256 * 1024;
/** A closed link whose queued bytes do not move for so long is given up. */
const LINGER_MS = 10_000;

interface Reader {
  resolve(chunk: Uint8Array | undefined): void;
  reject(error: LinkError): void;
}

const TAKEN: Promise<void> = Promise.resolve();

/**
 * A {@link Link} over one connected socket, TCP or TLS, that ends when its other end does (not `allowHalfOpen`).
 *
 * Writes of one turn of the event loop go out as one vectored write. Below {@link QUEUED_BYTES_MAX} a
 * write settles at once and costs no promise; above it, when the queue has run empty. What arrives is
 * handed out as it came, without a copy.
 */
export class SocketLink implements Link {
  readonly #socket: Socket;
  #state: "open" | "closed" | "reset" = "open";
  /** The other end closes both directions at once, so nobody is left to read what we write. */
  #peerClosed = false;
  /** What arrives lies there, if it is not memory of its own. */
  #slab: ReceiveSlab | undefined;
  readonly #arrived: Uint8Array[] = [];
  #arrivedBytes = 0;
  /** The socket is not read. */
  #stopped = false;
  #reader: Reader | undefined;
  #corkedBytes = -1;
  /** While the queue is full. */
  #drain: { readonly promise: Promise<void>; resolve(): void; reject(error: LinkError): void } | undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
    // A socket with `onread` has no such events; then {@link arrive} is called.
    socket.on("data", (chunk: Buffer<ArrayBuffer>) => this.arrive(plainView(chunk, 0, chunk.length)));
    socket.on("end", this.#onEnd);
    socket.on("drain", this.#onDrain);
    socket.on("error", this.#onGone);
    socket.on("close", this.#onGone);
    socket.resume();
  }

  /** Bytes that came and went, besides those of TLS itself. */
  get movedBytes(): number {
    return this.#socket.bytesRead + this.#socket.bytesWritten;
  }

  read(): Promise<Uint8Array | undefined> {
    if (this.#state === "closed") return Promise.resolve(undefined);
    const chunk = this.#arrived.shift();
    if (chunk !== undefined) {
      this.#arrivedBytes -= chunk.length;
      if (this.#stopped && this.#arrivedBytes < ARRIVED_BYTES_MAX) this.#go();
      return Promise.resolve(chunk);
    }
    if (this.#state === "reset") return Promise.reject(resetError());
    if (this.#peerClosed) return Promise.resolve(undefined);
    return new Promise((resolve, reject) => {
      this.#reader = { resolve, reject };
    });
  }

  write(bytes: Uint8Array): Promise<void> {
    if (this.#state === "closed") return Promise.reject(new LinkError("CLOSED", "the link was closed on this side"));
    if (this.#state === "reset" || this.#peerClosed) return Promise.reject(resetError());
    if (this.#corkedBytes < 0) {
      this.#corkedBytes = 0;
      this.#socket.cork();
      setImmediate(this.#uncork);
    }
    this.#socket.write(bytes);
    this.#corkedBytes += bytes.length;
    if (this.#corkedBytes >= CORKED_BYTES_MAX) {
      this.#corkedBytes = 0;
      this.#socket.uncork();
      this.#socket.cork();
    }
    if (this.#socket.writableLength < QUEUED_BYTES_MAX || !this.#socket.writableNeedDrain) return TAKEN;
    this.#drain ??= Promise.withResolvers<void>();
    return this.#drain.promise;
  }

  giveBack(lengthBytes: number): void {
    this.#slab?.giveBack(lengthBytes);
  }

  close(): void {
    if (this.#state === "closed") return;
    const wasOpen = this.#state === "open";
    this.#state = "closed";
    this.#arrived.length = 0;
    this.#takeReader()?.resolve(undefined);
    // What is queued is taken: it is sent whatever comes.
    this.#takeDrain()?.resolve();
    if (!wasOpen) return;
    this.#uncork();
    // What arrives from now on is thrown away, but it is read: to end a connection with something
    // unread is a reset, and that would overtake what is still queued here.
    this.#go();
    this.#socket.end();
    this.#linger(-1);
  }

  /** Takes what the socket received. @param slab in which it lies, and all that it receives */
  arrive(chunk: Uint8Array, slab?: ReceiveSlab): void {
    this.#slab = slab;
    if (this.#state !== "open") return;
    const reader = this.#takeReader();
    if (reader !== undefined) return reader.resolve(chunk);
    this.#arrived.push(chunk);
    this.#arrivedBytes += chunk.length;
    if (this.#arrivedBytes >= ARRIVED_BYTES_MAX) this.#stop();
  }

  /** Ends the connection at once, and whatever is queued with it: the other end finds a reset. Not with TLS. */
  reset(): void {
    this.#socket.resetAndDestroy();
  }

  #stop(): void {
    this.#stopped = true;
    this.#socket.pause();
  }

  #go(): void {
    this.#stopped = false;
    this.#socket.resume();
  }

  #linger(queuedBytes: number): void {
    const timer = setTimeout(() => {
      if (this.#socket.destroyed) return;
      if (this.#socket.writableLength === 0 || this.#socket.writableLength === queuedBytes) this.#socket.destroy();
      else this.#linger(this.#socket.writableLength);
    }, LINGER_MS);
    this.#socket.once("close", () => clearTimeout(timer));
  }

  readonly #uncork = (): void => {
    if (this.#corkedBytes < 0) return;
    this.#corkedBytes = -1;
    this.#socket.uncork();
  };

  readonly #onEnd = (): void => {
    this.#peerClosed = true;
    if (this.#state !== "open") return;
    this.#takeReader()?.resolve(undefined);
    this.#takeDrain()?.reject(resetError());
  };

  readonly #onDrain = (): void => this.#takeDrain()?.resolve();

  /** After an error, and at the end of every socket; what comes after an orderly end changes nothing. */
  readonly #onGone = (): void => {
    if (this.#state === "open" && !this.#peerClosed) {
      this.#state = "reset";
      this.#arrived.length = 0;
      this.#takeReader()?.reject(resetError());
    }
    this.#takeDrain()?.reject(resetError());
  };

  #takeReader(): Reader | undefined {
    const reader = this.#reader;
    this.#reader = undefined;
    return reader;
  }

  #takeDrain() {
    const drain = this.#drain;
    this.#drain = undefined;
    return drain;
  }
}

function resetError(): LinkError {
  return new LinkError("RESET", "the connection is gone");
}
