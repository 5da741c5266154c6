import { OutBatch } from "./out-batch.ts";
import {
  CHUNK,
  CHUNK_DONE,
  CHUNK_HEADER_BYTES,
  SIMPLE_REPLY_BYTES,
  SIMPLE_REPLY_MAGIC,
  STRUCTURED_REPLY_MAGIC,
} from "./protocol.ts";

/** Identifies a request to its client, which chose it: 64 bits in two halves. */
export interface Cookie {
  readonly high: number;
  readonly low: number;
}

/** Replies as a server sends them ("Simple reply message", "Structured reply chunk message"). */
export class ReplyBatch extends OutBatch {
  /** @param errno 0 if all is well */
  simple(cookie: Cookie, errno: number): void {
    const at = this.room(SIMPLE_REPLY_BYTES);
    const { bytes } = this;
    bytes.writeUInt32BE(SIMPLE_REPLY_MAGIC, at);
    bytes.writeUInt32BE(errno, at + 4);
    bytes.writeUInt32BE(cookie.high, at + 8);
    bytes.writeUInt32BE(cookie.low, at + 12);
  }

  /** A chunk of a structured reply without its payload, which follows. */
  chunk(cookie: Cookie, type: number, done: boolean, payloadBytes: number): void {
    const at = this.room(CHUNK_HEADER_BYTES);
    const { bytes } = this;
    bytes.writeUInt32BE(STRUCTURED_REPLY_MAGIC, at);
    bytes.writeUInt16BE(done ? CHUNK_DONE : 0, at + 4);
    bytes.writeUInt16BE(type, at + 6);
    bytes.writeUInt32BE(cookie.high, at + 8);
    bytes.writeUInt32BE(cookie.low, at + 12);
    bytes.writeUInt32BE(payloadBytes, at + 16);
  }

  none(cookie: Cookie): void {
    this.chunk(cookie, CHUNK.NONE, true, 0);
  }

  data(cookie: Cookie, done: boolean, offsetBytes: number, data: Uint8Array): void {
    this.chunk(cookie, CHUNK.OFFSET_DATA, done, 8 + data.length);
    this.u64(offsetBytes);
    this.payload(data);
  }

  hole(cookie: Cookie, done: boolean, offsetBytes: number, lengthBytes: number): void {
    this.chunk(cookie, CHUNK.OFFSET_HOLE, done, 12);
    this.u64(offsetBytes);
    this.u32(lengthBytes);
  }

  error(cookie: Cookie, errno: number, message: string): void {
    // A character has three bytes at most in UTF-8, as JavaScript counts them.
    const text = Buffer.from(message.slice(0, 1024));
    this.chunk(cookie, CHUNK.ERROR, true, 6 + text.length);
    this.u32(errno);
    this.u16(text.length);
    this.payload(text);
  }
}
