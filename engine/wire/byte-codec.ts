import { assert } from "../assert.ts";
import { getU32, setU32 } from "./little-endian.ts";

const encoder = new TextEncoder();
// With ignoreBOM a byte order mark is a character like any other: a name must come back as it was given.
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function isAscii(text: string): boolean {
  for (let index = 0; index < text.length; index++) if (text.charCodeAt(index) > 0x7f) return false;
  return true;
}

/** Appends little-endian fields to a buffer that grows. */
export class ByteWriter {
  #bytes: Uint8Array;
  #length = 0;

  constructor(capacityBytes = 64) {
    this.#bytes = new Uint8Array(capacityBytes);
  }

  #reserve(lengthBytes: number): number {
    const at = this.#length;
    const needed = at + lengthBytes;
    if (needed > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
      grown.set(this.#bytes.subarray(0, at));
      this.#bytes = grown;
    }
    this.#length = needed;
    return at;
  }

  u8(value: number): this {
    const at = this.#reserve(1);
    this.#bytes[at] = value;
    return this;
  }

  u16(value: number): this {
    const at = this.#reserve(2);
    this.#bytes[at] = value;
    this.#bytes[at + 1] = value >>> 8;
    return this;
  }

  u32(value: number): this {
    const at = this.#reserve(4);
    setU32(this.#bytes, at, value);
    return this;
  }

  /** A whole number below 2^53, in eight bytes. */
  u64(value: number): this {
    assert(Number.isSafeInteger(value) && value >= 0, "a number that is written is whole and below 2^53");
    return this.u32(value % 0x1_0000_0000).u32(Math.floor(value / 0x1_0000_0000));
  }

  bool(value: boolean): this {
    return this.u8(value ? 1 : 0);
  }

  raw(bytes: Uint8Array): this {
    const at = this.#reserve(bytes.length);
    this.#bytes.set(bytes, at);
    return this;
  }

  /** UTF-8 with a 16-bit length before it. */
  text(value: string): this {
    if (!isAscii(value)) {
      const bytes = encoder.encode(value);
      assert(bytes.length <= 0xffff, "text is longer than 65535 bytes");
      return this.u16(bytes.length).raw(bytes);
    }
    // Names and generations, which is nearly all there is: no encoder, no second buffer.
    assert(value.length <= 0xffff, "text is longer than 65535 bytes");
    this.u16(value.length);
    const at = this.#reserve(value.length);
    for (let index = 0; index < value.length; index++) this.#bytes[at + index] = value.charCodeAt(index);
    return this;
  }

  /** Zeros. */
  zeros(lengthBytes: number): this {
    this.#reserve(lengthBytes);
    return this;
  }

  /** The bytes so far, without a copy. */
  bytes(): Uint8Array {
    return this.#length === this.#bytes.length ? this.#bytes : this.#bytes.subarray(0, this.#length);
  }
}

/** Malformed bytes from a peer or a disk. Never applied in part (rule 5). */
export class CodecError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "CodecError";
  }
}

/** Reads what {@link ByteWriter} wrote. @throws CodecError if bytes are missing, left over or impossible */
export class ByteReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  #take(lengthBytes: number): number {
    const at = this.#at;
    if (at + lengthBytes > this.#bytes.length)
      throw new CodecError(`expected ${lengthBytes} bytes at ${at}, found ${this.#bytes.length - at}`);
    this.#at = at + lengthBytes;
    return at;
  }

  u8(): number {
    return this.#bytes[this.#take(1)] as number;
  }

  u16(): number {
    const at = this.#take(2);
    return (this.#bytes[at] as number) | ((this.#bytes[at + 1] as number) << 8);
  }

  u32(): number {
    return getU32(this.#bytes, this.#take(4));
  }

  u64(): number {
    const low = this.u32();
    const high = this.u32();
    if (high >= 0x20_0000) throw new CodecError(`number at ${this.#at - 8} is 2^53 or more`);
    return high * 0x1_0000_0000 + low;
  }

  bool(): boolean {
    const value = this.u8();
    if (value > 1) throw new CodecError(`expected 0 or 1 at ${this.#at - 1}, found ${value}`);
    return value === 1;
  }

  raw(lengthBytes: number): Uint8Array {
    const at = this.#take(lengthBytes);
    return this.#bytes.subarray(at, at + lengthBytes);
  }

  text(): string {
    const bytes = this.raw(this.u16());
    try {
      return decoder.decode(bytes);
    } catch {
      throw new CodecError(`text before ${this.#at} is not UTF-8`);
    }
  }

  /** One of `values`, kept as its index. */
  oneOf<const T extends string>(values: readonly T[]): T {
    const index = this.u8();
    const value = values[index];
    if (value === undefined)
      throw new CodecError(`expected 0 to ${values.length - 1} at ${this.#at - 1}, found ${index}`);
    return value;
  }

  /** What is left. */
  rest(): Uint8Array {
    return this.raw(this.#bytes.length - this.#at);
  }

  end(): void {
    if (this.#at !== this.#bytes.length)
      throw new CodecError(`expected the end at ${this.#at}, found ${this.#bytes.length - this.#at} more bytes`);
  }
}
