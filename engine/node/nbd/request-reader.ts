import { assert } from "../../assert.ts";
import { BLOCK_BYTES_MAX, COMMAND, REQUEST_HEADER_BYTES, REQUEST_MAGIC } from "./protocol.ts";
import type { ReceiveBuffer } from "./receive-buffer.ts";
import type { Request } from "./request.ts";
import type { Slab } from "./slab.ts";

/** A write that announces more than this is no mistake but an attack, or garbage. */
const DISCARD_BYTES_MAX = 2 * BLOCK_BYTES_MAX;

/** What comes is no request, or one that nobody sends in good faith: the connection is of no use any more. */
export class RequestViolation extends Error {
  constructor(message: string) {
    super(message);
    this.name = "RequestViolation";
  }
}

/** Cuts what a client sends into requests, however the network cut it. */
export class RequestReader {
  readonly #received: ReceiveBuffer;
  /** Of a refused write: payload that is still to come, and is not looked at. */
  #discardBytes = 0;

  constructor(received: ReceiveBuffer) {
    this.#received = received;
  }

  /** Whether the client has begun something that it has not sent in full. */
  get isWithin(): boolean {
    return this.#received.unread > 0 || this.#discardBytes > 0;
  }

  /** The next request, of a write without its payload; `undefined` until its header has come. @throws RequestViolation */
  peek(): Request | undefined {
    const received = this.#received;
    if (this.#discardBytes > 0) {
      const piece = Math.min(this.#discardBytes, received.unread);
      received.skip(piece);
      this.#discardBytes -= piece;
      if (this.#discardBytes > 0) return undefined;
    }
    if (received.unread < REQUEST_HEADER_BYTES) {
      received.need(REQUEST_HEADER_BYTES);
      return undefined;
    }
    const magic = received.u32(0);
    if (magic !== REQUEST_MAGIC) throw new RequestViolation(`a request that begins with ${magic.toString(16)}`);
    return {
      cookie: { high: received.u32(8), low: received.u32(12) },
      flags: received.u16(4),
      type: received.u16(6),
      // Beyond 2^53 the number is not exact, but beyond the end of any device all the same.
      offsetBytes: received.u32(16) * 0x1_0000_0000 + received.u32(20),
      lengthBytes: received.u32(24),
    };
  }

  /** Whether the payload of the request that was seen last has come too. */
  hasWhole(request: Request): boolean {
    const wholeBytes = REQUEST_HEADER_BYTES + payloadBytes(request);
    if (this.#received.unread >= wholeBytes) return true;
    this.#received.need(wholeBytes);
    return false;
  }

  /** Takes a whole request. @returns its payload, which holds its slab; nothing if it has none */
  take(request: Request): { readonly bytes: Uint8Array; readonly slab: Slab } | undefined {
    assert(this.hasWhole(request), "a request is taken as a whole");
    this.#received.skip(REQUEST_HEADER_BYTES);
    const lengthBytes = payloadBytes(request);
    return lengthBytes === 0 ? undefined : this.#received.view(lengthBytes);
  }

  /** Leaves out the request that was seen last, with its payload, whether or not that has come. @throws RequestViolation */
  discard(request: Request): void {
    const lengthBytes = payloadBytes(request);
    if (lengthBytes > DISCARD_BYTES_MAX) throw new RequestViolation(`a write of ${lengthBytes} bytes`);
    this.#received.skip(REQUEST_HEADER_BYTES);
    this.#discardBytes = lengthBytes;
  }
}

function payloadBytes({ type, lengthBytes }: Request): number {
  return type === COMMAND.WRITE ? lengthBytes : 0;
}
