import type { NbdExtent } from "./nbd-export.ts";
import type { PendingRequest } from "./pending-request.ts";
import {
  CHUNK,
  CHUNK_DONE,
  CHUNK_HEADER_BYTES,
  COMMAND,
  SIMPLE_REPLY_BYTES,
  SIMPLE_REPLY_MAGIC,
  STRUCTURED_REPLY_MAGIC,
} from "./protocol.ts";
import type { ReceiveBuffer } from "./receive-buffer.ts";

/** A chunk without data of a read has no more than this. */
const CHUNK_BYTES_MAX = 4 * 1024 * 1024;
const ERROR_BIT = 0x8000;

/** The server's answer does not fit what was asked. */
export class ReplyViolation extends Error {
  constructor(message: string) {
    super(message);
    this.name = "ReplyViolation";
  }
}

/** Data of a read on its way to where it is wanted. */
interface Incoming {
  readonly pending: PendingRequest;
  readonly into: Uint8Array;
  at: number;
  left: number;
  readonly isLast: boolean;
}

/** What a client is answered ("Simple reply message", "Structured reply chunk message"). */
export class ReplyParser {
  readonly #received: ReceiveBuffer;
  readonly #structured: boolean;
  readonly #pending: Map<number, PendingRequest>;
  readonly #onDone: (pending: PendingRequest) => void;
  #incoming: Incoming | undefined;

  /** @param pending by the lower half of their cookie; `onDone` takes them out */
  constructor(
    received: ReceiveBuffer,
    structured: boolean,
    pending: Map<number, PendingRequest>,
    onDone: (pending: PendingRequest) => void,
  ) {
    this.#received = received;
    this.#structured = structured;
    this.#pending = pending;
    this.#onDone = onDone;
  }

  /** Takes in what has come. @throws ReplyViolation */
  parse(): void {
    while (this.#parseOne());
  }

  #parseOne(): boolean {
    if (this.#incoming !== undefined) return this.#takeData(this.#incoming);
    const received = this.#received;
    if (!this.#has(SIMPLE_REPLY_BYTES)) return false;
    const magic = received.u32(0);
    if (magic === SIMPLE_REPLY_MAGIC) return this.#simple();
    if (magic === STRUCTURED_REPLY_MAGIC && this.#structured) return this.#chunk();
    throw new ReplyViolation(`a reply that begins with ${magic.toString(16)}`);
  }

  #simple(): boolean {
    const received = this.#received;
    const errno = received.u32(4);
    const pending = this.#find(received.u32(8), received.u32(12));
    const { type } = pending.request;
    if (this.#structured && (type === COMMAND.READ || type === COMMAND.BLOCK_STATUS))
      throw new ReplyViolation("a simple reply to a request that has data");
    received.skip(SIMPLE_REPLY_BYTES);
    if (errno !== 0) pending.fault ??= { errno, message: "" };
    else if (pending.into !== undefined) {
      const { lengthBytes } = pending.request;
      pending.coverage.add(0, lengthBytes);
      this.#incoming = { pending, into: pending.into, at: 0, left: lengthBytes, isLast: true };
      return true;
    }
    this.#onDone(pending);
    return true;
  }

  #chunk(): boolean {
    const received = this.#received;
    if (!this.#has(CHUNK_HEADER_BYTES)) return false;
    const isLast = (received.u16(4) & CHUNK_DONE) !== 0;
    const type = received.u16(6);
    const lengthBytes = received.u32(16);
    const pending = this.#find(received.u32(8), received.u32(12));
    if (type === CHUNK.OFFSET_DATA) return this.#data(pending, lengthBytes, isLast);
    if (lengthBytes > CHUNK_BYTES_MAX) throw new ReplyViolation(`a chunk of ${lengthBytes} bytes`);
    if (!this.#has(CHUNK_HEADER_BYTES + lengthBytes)) return false;
    received.skip(CHUNK_HEADER_BYTES);
    const payload = received.copy(lengthBytes);
    if (type === CHUNK.NONE) {
      if (!isLast || lengthBytes !== 0) throw new ReplyViolation("an empty chunk that is not the last");
    } else if (type === CHUNK.OFFSET_HOLE) this.#hole(pending, payload);
    else if (type === CHUNK.BLOCK_STATUS) this.#status(pending, payload);
    else if ((type & ERROR_BIT) !== 0) this.#error(pending, payload);
    else throw new ReplyViolation(`a chunk of unknown type ${type}`);
    if (isLast) this.#end(pending);
    return true;
  }

  #data(pending: PendingRequest, lengthBytes: number, isLast: boolean): boolean {
    const received = this.#received;
    if (!this.#has(CHUNK_HEADER_BYTES + 8)) return false;
    const left = lengthBytes - 8;
    if (left < 1) throw new ReplyViolation("a chunk of data without data");
    const at = this.#cover(
      pending,
      offsetOf(received.u32(CHUNK_HEADER_BYTES), received.u32(CHUNK_HEADER_BYTES + 4)),
      left,
    );
    received.skip(CHUNK_HEADER_BYTES + 8);
    this.#incoming = { pending, into: pending.into as Uint8Array, at, left, isLast };
    return true;
  }

  #takeData(incoming: Incoming): boolean {
    const piece = Math.min(incoming.left, this.#received.unread);
    this.#received.copyTo(incoming.into, incoming.at, piece);
    incoming.at += piece;
    incoming.left -= piece;
    if (incoming.left > 0) return false;
    this.#incoming = undefined;
    if (incoming.isLast) this.#end(incoming.pending);
    return true;
  }

  #hole(pending: PendingRequest, payload: Buffer): void {
    if (payload.length !== 12) throw new ReplyViolation(`a hole in a chunk of ${payload.length} bytes`);
    const lengthBytes = payload.readUInt32BE(8);
    if (lengthBytes === 0) throw new ReplyViolation("an empty hole");
    const at = this.#cover(pending, offsetOf(payload.readUInt32BE(0), payload.readUInt32BE(4)), lengthBytes);
    pending.into?.fill(0, at, at + lengthBytes);
  }

  /** @returns where in the read the range begins */
  #cover({ request, into, coverage }: PendingRequest, offsetBytes: number, lengthBytes: number): number {
    if (into === undefined) throw new ReplyViolation("data where none was asked for");
    const at = offsetBytes - request.offsetBytes;
    if (at < 0 || at + lengthBytes > request.lengthBytes)
      throw new ReplyViolation("data outside of what was asked for");
    if (!coverage.add(at, at + lengthBytes)) throw new ReplyViolation("data that came before");
    return at;
  }

  #status(pending: PendingRequest, payload: Buffer): void {
    if (pending.request.type !== COMMAND.BLOCK_STATUS) throw new ReplyViolation("a block status that nobody asked for");
    if (payload.length < 12 || payload.length % 8 !== 4)
      throw new ReplyViolation(`a block status of ${payload.length} bytes`);
    const id = payload.readUInt32BE();
    if (pending.extents.has(id)) throw new ReplyViolation("two block statuses for one context");
    const extents: NbdExtent[] = [];
    for (let at = 4; at < payload.length; at += 8) {
      const lengthBytes = payload.readUInt32BE(at);
      if (lengthBytes === 0) throw new ReplyViolation("an empty extent");
      extents.push({ lengthBytes, flags: payload.readUInt32BE(at + 4) });
    }
    pending.extents.set(id, extents);
  }

  #error(pending: PendingRequest, payload: Buffer): void {
    if (payload.length < 6) throw new ReplyViolation("an error without a number");
    const lengthBytes = payload.readUInt16BE(4);
    if (6 + lengthBytes > payload.length) throw new ReplyViolation("an error with half a message");
    const errno = payload.readUInt32BE();
    if (errno === 0) throw new ReplyViolation("an error that is none");
    pending.fault ??= { errno, message: payload.toString("utf8", 6, 6 + lengthBytes) };
  }

  #end(pending: PendingRequest): void {
    const { request, into, coverage, extents, fault } = pending;
    if (fault === undefined) {
      if (into !== undefined && !coverage.isWhole(0, request.lengthBytes))
        throw new ReplyViolation("a read without all of its data");
      if (request.type === COMMAND.BLOCK_STATUS && extents.size === 0)
        throw new ReplyViolation("a block status without any");
    }
    this.#onDone(pending);
  }

  #find(high: number, low: number): PendingRequest {
    const pending = high === 0 ? this.#pending.get(low) : undefined;
    if (pending === undefined) throw new ReplyViolation("a reply to a request that nobody made");
    return pending;
  }

  #has(lengthBytes: number): boolean {
    if (this.#received.unread >= lengthBytes) return true;
    this.#received.need(lengthBytes);
    return false;
  }
}

/** Beyond 2^53 not exact, but outside of every request all the same. */
function offsetOf(high: number, low: number): number {
  return high * 0x1_0000_0000 + low;
}
