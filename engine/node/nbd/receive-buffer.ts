import { assert } from "../../assert.ts";
import { plainView } from "../plain-bytes.ts";
import type { Slab, SlabPool } from "./slab.ts";

/** Less room than this at the end of a slab is not worth a read of the socket. */
const ROOM_BYTES_MIN = 16 * 1024;

/** Of messages as large as this one is not to be copied. */
const LARGE_BYTES = 64 * 1024;

/**
 * What came from a socket and was not taken yet, in one piece. Payloads are taken as views: their
 * slab stays as it is until they are given back, and further bytes go behind them, or into another
 * slab. So a byte is copied only if its message does not fit behind the one before.
 */
export class ReceiveBuffer {
  readonly #pool: SlabPool;
  #slab: Slab;
  #start = 0;
  #end = 0;
  /** The slab that the socket has room in, until {@link filled}. */
  #lent: { readonly slab: Slab; readonly at: number } | undefined;
  #leftBehindBytes = 0;
  /** How long messages are, about: as the longest of late. */
  #messageBytes = 0;

  constructor(pool: SlabPool) {
    this.#pool = pool;
    this.#slab = pool.take(0);
  }

  /** Bytes that came and were not taken. */
  get unread(): number {
    return this.#end - this.#start;
  }

  /** Memory that views hold, but for the slab that is being filled. */
  get leftBehindBytes(): number {
    return this.#leftBehindBytes;
  }

  /** Room for the socket to read into, the only one until {@link filled}. */
  space(): Uint8Array {
    assert(this.#lent === undefined, "room is lent once at a time");
    let end = this.#roomEnd();
    if (end - this.#end < ROOM_BYTES_MIN) {
      this.#renew(this.unread + ROOM_BYTES_MIN);
      end = this.#roomEnd();
    }
    this.#slab.hold();
    this.#lent = { slab: this.#slab, at: this.#end };
    return this.#slab.bytes.subarray(this.#end, end);
  }

  /**
   * Where room that is lent ends. Large messages tend to be of one length: behind the last one that
   * fits nothing is read, or else most of the next would come there and be copied.
   */
  #roomEnd(): number {
    const sizeBytes = this.#slab.bytes.length;
    const message = this.#messageBytes;
    if (message < LARGE_BYTES) return sizeBytes;
    const end = this.#start + Math.floor((sizeBytes - this.#start) / message) * message;
    return end > this.#end || this.unread === 0 ? end : sizeBytes;
  }

  /** The socket has put `lengthBytes` into the room that it was lent. */
  filled(lengthBytes: number): void {
    const lent = this.#lent;
    assert(lent !== undefined, "bytes come into room that was lent");
    this.#lent = undefined;
    // Meanwhile what it lay behind may have moved to another slab.
    if (lent.slab === this.#slab && lent.at === this.#end) this.#end += lengthBytes;
    else this.append(lent.slab.bytes.subarray(lent.at, lent.at + lengthBytes));
    lent.slab.release();
  }

  /** Bytes of a socket that brings its own memory. */
  append(chunk: Uint8Array): void {
    assert(this.#lent === undefined, "bytes are appended while no room is lent");
    this.need(this.unread + chunk.length);
    this.#slab.bytes.set(chunk, this.#end);
    this.#end += chunk.length;
  }

  /** Sees to it that `lengthBytes` from the first unread one will lie in one piece. */
  need(lengthBytes: number): void {
    this.#messageBytes = Math.max(lengthBytes, this.#messageBytes);
    if (this.#start + lengthBytes > this.#slab.bytes.length) this.#renew(lengthBytes);
  }

  /** Moves what is unread to the front of a slab that has room for `lengthBytes`. */
  #renew(lengthBytes: number): void {
    const slab = this.#slab;
    if (slab.users === 1 && lengthBytes <= slab.bytes.length) {
      slab.bytes.copyWithin(0, this.#start, this.#end);
    } else {
      const next = this.#pool.take(Math.max(lengthBytes, this.#messageBytes));
      next.bytes.set(slab.bytes.subarray(this.#start, this.#end));
      this.#slab = next;
      this.#leave(slab);
    }
    this.#end -= this.#start;
    this.#start = 0;
  }

  #leave(slab: Slab): void {
    const sizeBytes = slab.bytes.length;
    this.#leftBehindBytes += sizeBytes;
    slab.onFree = () => {
      this.#leftBehindBytes -= sizeBytes;
    };
    slab.release();
  }

  u16(at: number): number {
    return this.#slab.bytes.readUInt16BE(this.#start + at);
  }

  u32(at: number): number {
    return this.#slab.bytes.readUInt32BE(this.#start + at);
  }

  u64(at: number): bigint {
    return this.#slab.bytes.readBigUInt64BE(this.#start + at);
  }

  /** Leaves out the first unread bytes. */
  skip(lengthBytes: number): void {
    assert(lengthBytes <= this.unread, "what is left out has come");
    this.#start += lengthBytes;
    if (this.#start === this.#end && this.#slab.users === 1) {
      this.#start = 0;
      this.#end = 0;
    }
  }

  /** The first unread bytes, to keep. */
  copy(lengthBytes: number): Buffer {
    assert(lengthBytes <= this.unread, "what is taken has come");
    const bytes = Buffer.from(this.#slab.bytes.subarray(this.#start, this.#start + lengthBytes));
    this.skip(lengthBytes);
    return bytes;
  }

  /** The first unread bytes, to where they belong. */
  copyTo(into: Uint8Array, at: number, lengthBytes: number): void {
    assert(lengthBytes <= this.unread, "what is taken has come");
    into.set(this.#slab.bytes.subarray(this.#start, this.#start + lengthBytes), at);
    this.skip(lengthBytes);
  }

  /** The first unread bytes, without a copy. They hold their slab until `slab.release()`. */
  view(lengthBytes: number): { readonly bytes: Uint8Array; readonly slab: Slab } {
    assert(lengthBytes <= this.unread, "what is taken has come");
    const slab = this.#slab;
    slab.hold();
    const bytes = plainView(slab.bytes, this.#start, lengthBytes);
    this.#start += lengthBytes;
    // Forgotten slowly: a large message among many small ones leaves no large slabs behind for long.
    if (lengthBytes < this.#messageBytes / 2) this.#messageBytes -= Math.ceil(this.#messageBytes / 64);
    return { bytes, slab };
  }

  /** Nothing comes any more. */
  close(): void {
    this.#start = 0;
    this.#end = 0;
    this.#slab.release();
  }
}
