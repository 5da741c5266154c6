import type { OnReadOpts, Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import { assert } from "../../assert.ts";
import { ReceiveBuffer } from "./receive-buffer.ts";
import type { SlabPool } from "./slab.ts";

/** The other end closed the connection, or it broke. */
export class WireClosed extends Error {
  constructor(why: string) {
    super(why);
    this.name = "WireClosed";
  }
}

/** More than this is not taken in ahead of a handshake. */
const HANDSHAKE_AHEAD_BYTES = 64 * 1024;

/** The other end is waited for, once everything has been said, for so long. */
const LINGER_MS = 1000;

interface Wanted {
  readonly lengthBytes: number;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/**
 * One connection: its socket, what came from it, and who is told. During the handshake bytes are
 * taken by {@link take}; afterwards `onBytes` looks at `received` itself.
 */
export class Wire {
  readonly received: ReceiveBuffer;
  /** More bytes came. Without it the connection is in its handshake. */
  onBytes: (() => void) | undefined;
  /** The other end sends nothing more, but may still read. */
  onEnd: () => void = () => {};
  /** Once, when the connection is gone. */
  onClosed: (why: string) => void = () => {};
  #socket: Socket;
  #wanted: Wanted | undefined;
  #ended = false;
  #ending = false;
  #closedWhy: string | undefined;
  #detach: () => void = () => {};

  /** @param open gives the socket; it may read by `onread`, which puts bytes where they stay, or as it likes */
  constructor(pool: SlabPool, open: (onread: OnReadOpts) => Socket) {
    this.received = new ReceiveBuffer(pool);
    this.#socket = open({
      buffer: () => this.received.space(),
      callback: (lengthBytes) => {
        this.received.filled(lengthBytes);
        this.#arrived();
        return true;
      },
    });
    this.#attach();
  }

  get socket(): Socket {
    return this.#socket;
  }

  get closed(): boolean {
    return this.#closedWhy !== undefined;
  }

  /** The next bytes of the handshake. @throws WireClosed */
  async take(lengthBytes: number): Promise<Buffer> {
    this.received.need(lengthBytes);
    if (this.received.unread < lengthBytes) await this.#come(lengthBytes);
    return this.received.copy(lengthBytes);
  }

  /** Leaves out bytes, however many. @throws WireClosed */
  async skip(lengthBytes: number): Promise<void> {
    for (let left = lengthBytes; left > 0; ) {
      if (this.received.unread === 0) await this.#come(1);
      const piece = Math.min(left, this.received.unread);
      this.received.skip(piece);
      left -= piece;
    }
  }

  /** Sends a message of the handshake, and waits while the other end does not read. @throws WireClosed */
  async send(...parts: readonly Uint8Array[]): Promise<void> {
    this.#throwIfGone();
    const socket = this.#socket;
    if (socket.write(parts.length === 1 ? (parts[0] as Uint8Array) : Buffer.concat(parts))) return;
    await new Promise<void>((resolve) => {
      const go = (): void => {
        socket.off("drain", go).off("close", go);
        resolve();
      };
      socket.on("drain", go).on("close", go);
    });
    this.#throwIfGone();
  }

  /**
   * Continues on a TLS socket over this one.
   * @param secure settles when both ends have shown what they must; it rejects if they have not
   */
  async upgrade(secure: (raw: Socket) => Promise<TLSSocket>): Promise<void> {
    assert(this.received.unread === 0, "nothing came in the clear that is to be secret");
    this.#detach();
    this.#socket.pause();
    this.#socket = await secure(this.#socket);
    this.#attach();
    this.#throwIfGone();
  }

  /** Reads nothing more until {@link resume}. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    const { timeout } = this.#socket;
    // The other end could not do anything meanwhile: its time begins now.
    if (timeout !== undefined && timeout > 0) this.#socket.setTimeout(timeout);
    this.#socket.resume();
  }

  /**
   * Sends what is left, and closes when the other end has done so too, or soon after. Until then what
   * comes is thrown away: a connection closed with unread bytes is reset, which would also take the
   * last replies from the other end.
   */
  end(): void {
    if (this.#ending) return;
    this.#ending = true;
    this.onBytes = () => this.received.skip(this.received.unread);
    this.onBytes();
    const socket = this.#socket;
    socket.end(() => {
      const timer = setTimeout(() => socket.destroy(), LINGER_MS);
      socket.once("close", () => clearTimeout(timer));
    });
    socket.resume();
  }

  drop(): void {
    this.#socket.destroy();
  }

  #attach(): void {
    const socket = this.#socket;
    const onData = (chunk: Buffer): void => {
      this.received.append(chunk);
      this.#arrived();
    };
    const onEnd = (): void => {
      this.#ended = true;
      this.#wanted?.reject(new WireClosed("the other end closed the connection"));
      this.#wanted = undefined;
      this.onEnd();
    };
    let broken = "the connection was closed";
    const onError = (error: Error): void => {
      broken = error.message;
    };
    const onClose = (): void => {
      if (this.#closedWhy !== undefined) return;
      this.#closedWhy = broken;
      this.#wanted?.reject(new WireClosed(broken));
      this.#wanted = undefined;
      this.received.close();
      this.onClosed(broken);
    };
    socket.on("data", onData).on("end", onEnd).on("error", onError).on("close", onClose);
    this.#detach = () => {
      socket.off("data", onData).off("end", onEnd);
    };
  }

  #arrived(): void {
    const wanted = this.#wanted;
    if (this.onBytes !== undefined) this.onBytes();
    else if (wanted === undefined) {
      if (this.received.unread > HANDSHAKE_AHEAD_BYTES) this.pause();
    } else if (this.received.unread >= wanted.lengthBytes) {
      this.#wanted = undefined;
      wanted.resolve();
    }
  }

  async #come(lengthBytes: number): Promise<void> {
    this.#throwIfGone();
    assert(this.#wanted === undefined, "bytes are waited for by one");
    await new Promise<void>((resolve, reject) => {
      this.#wanted = { lengthBytes, resolve, reject };
      this.resume();
    });
    this.#throwIfGone();
  }

  #throwIfGone(): void {
    if (this.#closedWhy !== undefined) throw new WireClosed(this.#closedWhy);
    if (this.#ended) throw new WireClosed("the other end closed the connection");
  }
}
