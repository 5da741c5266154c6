import { type Link, LinkError } from "../../../../../engine/ports/index.ts";
import type { AppGate } from "./app-gate.ts";
import { Fifo } from "./fifo.ts";
import type { Socket } from "./socket.ts";

const READ_BYTES = 64 * 1024;
const DONE: Promise<void> = Promise.resolve();

interface PendingWrite {
  bytes: Uint8Array;
  readonly resolve: () => void;
  readonly reject: (error: LinkError) => void;
}

/** Called at every write to a link, once the kernel has what it could take. */
export type OnWritten = (link: SimLink, lengthBytes: number) => void;

/**
 * The Link port over one kernel socket, for one process. What is here dies with the process;
 * what the socket took does not. Chunks are not copied: a reader must not change what it reads.
 */
export class SimLink implements Link {
  readonly #socket: Socket;
  readonly #gate: AppGate;
  readonly #release: () => void;
  readonly #onSent: OnWritten | undefined;
  readonly #pendingWrites = new Fifo<PendingWrite>();
  #resolveRead: ((bytes: Uint8Array | undefined) => void) | undefined;
  #rejectRead: ((error: LinkError) => void) | undefined;
  #closed = false;

  /**
   * @param release called once, when the socket is closed
   * @param onSent called at every write, once the kernel has what it could take; it may end the process
   */
  constructor(socket: Socket, gate: AppGate, release: () => void, onSent?: OnWritten) {
    this.#socket = socket;
    this.#gate = gate;
    this.#release = release;
    this.#onSent = onSent;
    socket.onReadable = this.#onReadable;
    socket.onBytes = this.#onBytes;
    socket.onWritable = this.#onWritable;
  }

  read(): Promise<Uint8Array | undefined> {
    // A dead process gets no answer; nothing of it runs on.
    if (this.#gate.dead) return new Promise(() => {});
    if (this.#resolveRead !== undefined) throw new Error("a read is pending already on this link");
    const socket = this.#socket;
    if (this.#closed) return Promise.resolve(undefined);
    if (socket.receivedBytes > 0) return Promise.resolve(socket.take(READ_BYTES));
    if (socket.isReset) return Promise.reject(resetError());
    if (socket.ended) return Promise.resolve(undefined);
    return new Promise((resolve, reject) => {
      this.#resolveRead = resolve;
      this.#rejectRead = reject;
    });
  }

  write(bytes: Uint8Array): Promise<void> {
    if (this.#gate.dead) return new Promise(() => {});
    if (this.#closed) return Promise.reject(new LinkError("CLOSED", "write after close"));
    if (this.#socket.isReset) return Promise.reject(resetError());
    let rest = bytes;
    if (this.#pendingWrites.length === 0) {
      const sent = this.#socket.send(bytes);
      if (sent === bytes.length) {
        this.#onSent?.(this, bytes.length);
        return DONE;
      }
      rest = bytes.subarray(sent);
    }
    const written = new Promise<void>((resolve, reject) => {
      this.#pendingWrites.push({ bytes: rest, resolve, reject });
    });
    this.#onSent?.(this, bytes.length);
    return written;
  }

  /** Another number for each connection, and each end. */
  get id(): number {
    return this.#socket.id;
  }

  /** Bytes that were written and that the other end of the connection has not taken. */
  get underwayBytes(): number {
    let waitingBytes = 0;
    for (const { bytes } of this.#pendingWrites) waitingBytes += bytes.length;
    return this.#socket.underwayBytes + waitingBytes;
  }

  close(): void {
    if (this.#closed || this.#gate.dead) return;
    this.#closed = true;
    if (this.#pendingWrites.length === 0) this.#closeSocket();
    this.#settleRead();
  }

  readonly #onReadable = (): void => {
    if (this.#resolveRead === undefined) return;
    if (this.#gate.running) this.#settleRead();
    else this.#gate.enter(this.#settleRead);
  };

  /** Bytes meet a read that waits: nearly always so, hence not through the receive buffer. */
  readonly #onBytes = (bytes: Uint8Array): boolean => {
    const resolve = this.#resolveRead;
    if (resolve === undefined || !this.#gate.running || bytes.length > READ_BYTES) return false;
    this.#resolveRead = undefined;
    this.#rejectRead = undefined;
    resolve(bytes);
    return true;
  };

  readonly #settleRead = (): void => {
    const resolve = this.#resolveRead;
    const reject = this.#rejectRead;
    if (resolve === undefined || reject === undefined) return;
    const socket = this.#socket;
    if (!this.#closed && socket.receivedBytes === 0 && !socket.ended) return;
    this.#resolveRead = undefined;
    this.#rejectRead = undefined;
    if (this.#closed) resolve(undefined);
    else if (socket.receivedBytes > 0) resolve(socket.take(READ_BYTES));
    else if (socket.isReset) reject(resetError());
    else resolve(undefined);
  };

  readonly #onWritable = (): void => {
    this.#gate.enter(this.#drainWrites);
  };

  /** The program writes what the kernel now has room for. */
  readonly #drainWrites = (): void => {
    const socket = this.#socket;
    for (let pending = this.#pendingWrites.first(); pending !== undefined; pending = this.#pendingWrites.first()) {
      if (socket.isReset) pending.reject(resetError());
      else {
        const sent = socket.send(pending.bytes);
        if (sent < pending.bytes.length) {
          pending.bytes = pending.bytes.subarray(sent);
          return;
        }
        pending.resolve();
      }
      this.#pendingWrites.shift();
    }
    if (this.#closed) this.#closeSocket();
  };

  #closeSocket(): void {
    this.#socket.close();
    this.#release();
  }
}

function resetError(): LinkError {
  return new LinkError("RESET", "the connection was reset");
}
