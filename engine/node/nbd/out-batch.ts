import type { Socket } from "node:net";
import type { Slab, SlabPool } from "./slab.ts";

/** Payloads up to this are copied behind their header: that costs less than a part of their own in a write. */
const COPIED_BYTES_MAX = 8 * 1024;

/** Messages that go out in one write. Headers and small payloads lie in one slab, large ones stay where they are. */
export class OutBatch {
  readonly #pool: SlabPool;
  #parts: Uint8Array[] = [];
  #slabs: Slab[] = [];
  #slab: Slab | undefined;
  /** Of the slab: where the part that is being filled begins, and ends. */
  #start = 0;
  #end = 0;
  #bytes = 0;
  #unsentBytes = 0;

  constructor(pool: SlabPool) {
    this.#pool = pool;
  }

  /** Bytes that the system has not taken yet: waiting here or in the socket. */
  get unsentBytes(): number {
    return this.#unsentBytes;
  }

  u16(value: number): void {
    const at = this.room(2);
    this.bytes.writeUInt16BE(value, at);
  }

  u32(value: number): void {
    const at = this.room(4);
    this.bytes.writeUInt32BE(value, at);
  }

  /** A whole number below 2^53. */
  u64(value: number): void {
    this.u32(Math.floor(value / 0x1_0000_0000));
    this.u32(value % 0x1_0000_0000);
  }

  /** The caller gives `bytes` away. */
  payload(bytes: Uint8Array): void {
    if (bytes.length <= COPIED_BYTES_MAX) {
      const at = this.room(bytes.length);
      this.bytes.set(bytes, at);
      return;
    }
    this.#seal();
    this.#parts.push(bytes);
    this.#bytes += bytes.length;
    this.#unsentBytes += bytes.length;
  }

  /** Sends all of it in one write. `onSent` is called when the system has taken it, not if the connection breaks. */
  flush(socket: Socket, onSent: () => void): void {
    if (this.#bytes === 0) return;
    this.#seal();
    const parts = this.#parts;
    const slabs = this.#slabs;
    const bytes = this.#bytes;
    this.#parts = [];
    this.#slabs = [];
    this.#bytes = 0;
    // The slab goes on being filled behind what is sent now.
    const slab = this.#slab;
    slab?.hold();
    const sent = (error?: Error | null): void => {
      this.#unsentBytes -= bytes;
      for (const used of slabs) used.release();
      slab?.release();
      // What waits for the next flush may lie in it, too.
      if (slab !== undefined && slab === this.#slab && slab.users === 1 && this.#bytes === 0) {
        // Nobody reads it any more: the next replies go where the cache still is.
        this.#start = 0;
        this.#end = 0;
      }
      if (error === undefined || error === null) onSent();
    };
    if (parts.length === 1) {
      socket.write(parts[0] as Uint8Array, sent);
      return;
    }
    socket.cork();
    const last = parts.length - 1;
    for (let index = 0; index < last; index++) socket.write(parts[index] as Uint8Array);
    socket.write(parts[last] as Uint8Array, sent);
    socket.uncork();
  }

  /** Nothing is sent any more. */
  close(): void {
    for (const slab of this.#slabs) slab.release();
    this.#slab?.release();
    this.#slabs = [];
    this.#slab = undefined;
    this.#parts = [];
    this.#bytes = 0;
    this.#start = 0;
    this.#end = 0;
  }

  /** Where {@link room} is. */
  protected get bytes(): Buffer {
    return (this.#slab as Slab).bytes;
  }

  /** Where in {@link bytes} the next `lengthBytes` are to be written. */
  protected room(lengthBytes: number): number {
    if (this.#slab === undefined || this.#slab.bytes.length - this.#end < lengthBytes) this.#renew();
    const at = this.#end;
    this.#end += lengthBytes;
    this.#bytes += lengthBytes;
    this.#unsentBytes += lengthBytes;
    return at;
  }

  #renew(): void {
    this.#seal();
    if (this.#slab !== undefined) this.#slabs.push(this.#slab);
    this.#slab = this.#pool.take(0);
    this.#start = 0;
    this.#end = 0;
  }

  #seal(): void {
    if (this.#slab === undefined || this.#end === this.#start) return;
    this.#parts.push(this.#slab.bytes.subarray(this.#start, this.#end));
    this.#start = this.#end;
  }
}
