import { assert } from "../assert.ts";
import { handled } from "../handled.ts";
import { CodecError } from "./byte-codec.ts";
import { crc32c } from "./crc32c.ts";
import { frameMemory, HEADER_BYTES, LARGE_PAYLOAD_BYTES } from "./frame-memory.ts";
import { getU32, setU32 } from "./little-endian.ts";

/**
 * What a frame says. Kinds from `write` on carry data of a pair and are applied strictly in the
 * order of their sequence numbers; the others are handled as they arrive.
 */
export const FRAME_KINDS = [
  "hello",
  "ping",
  "pong",
  "ack",
  "nack",
  "pair-state",
  "pair-refused",
  "command",
  "result",
  "resync-request",
  "write",
  "zero",
  "resync",
  "flush",
  "copy-begin",
  "copy-done",
  "split",
  "swap",
  "rewrite-begin",
  "rewrite-done",
  "backup",
  "recover",
] as const;
export type FrameKind = (typeof FRAME_KINDS)[number];

const codeOf: ReadonlyMap<FrameKind, number> = new Map(FRAME_KINDS.map((kind, code) => [kind, code]));
const ordered: ReadonlySet<FrameKind> = new Set(FRAME_KINDS.slice(FRAME_KINDS.indexOf("write")));

/** Whether frames of `kind` go through the ordered apply queue. */
export function isOrdered(kind: FrameKind): boolean {
  return ordered.has(kind);
}

export interface Frame {
  readonly kind: FrameKind;
  /**
   * Bit 0: force unit access. Bit 1: the payload begins with a number, see `change-number.ts`. Bit 2, of a flush: no
   * order is asked for, and what follows may be applied meanwhile.
   */
  readonly flags: number;
  /** 0 for frames of the session itself. */
  readonly pairId: number;
  /** The session's incarnation; frames of another are refused (rule 5). */
  readonly epoch: number;
  /** Counts the frames of one direction of a session, from 0. */
  readonly sequence: number;
  /** Byte offset on the volume for data; meaning by kind otherwise. */
  readonly offsetBytes: number;
  readonly payload: Uint8Array;
  /** Of one that came in several pieces of memory: what it was put together in, to be given back to `frameMemory`. */
  readonly memory?: Uint8Array;
}

export const FLAG_FUA = 1;
export const FLAG_UNORDERED = 4;
const MAGIC = 0x31565352; // "RSV1"
/** The largest payload that a frame may have; a larger one is not even received. */
export const PAYLOAD_BYTES_MAX = 1024 * 1024;
const CRC_BYTES = 4;

/**
 * ```text
 *  0 u32 CRC-32C of all that follows   4 u32 magic   8 u8 kind   9 u8 flags   10 u16 zero
 * 12 u32 pair id   16 u32 payload bytes   20 u32 sequence   24 u64 epoch   32 u64 offset   40 payload
 * ```
 * @param memory where it goes; the payload may be there already, where it belongs
 */
export function encodeFrame(frame: Frame, memory?: Uint8Array): Uint8Array {
  const { payload } = frame;
  assert(payload.length <= PAYLOAD_BYTES_MAX, "the other end takes no larger payload");
  const lengthBytes = HEADER_BYTES + payload.length;
  const bytes = memory === undefined ? newBytes(lengthBytes) : memory.subarray(0, lengthBytes);
  setU32(bytes, 4, MAGIC);
  setU32(bytes, 8, (codeOf.get(frame.kind) as number) | (frame.flags << 8));
  setU32(bytes, 12, frame.pairId);
  setU32(bytes, 16, payload.length);
  setU32(bytes, 20, frame.sequence);
  setU64(bytes, 24, frame.epoch);
  setU64(bytes, 32, frame.offsetBytes);
  if (payload.buffer !== bytes.buffer || payload.byteOffset !== bytes.byteOffset + HEADER_BYTES)
    bytes.set(payload, HEADER_BYTES);
  // One stretch of bytes: many small frames make two calls of the hasher felt.
  setU32(bytes, 0, crc32c(bytes.subarray(CRC_BYTES)));
  return bytes;
}

/** Small frames lie side by side in one buffer, each in bytes of its own: an allocation for dozens of them. */
const SLAB_BYTES = 64 * 1024;
const SLAB_FRAME_BYTES_MAX = 8 * 1024;
let slab = new Uint8Array(0);
let slabUsed = 0;

function newBytes(lengthBytes: number): Uint8Array {
  if (lengthBytes > SLAB_FRAME_BYTES_MAX) return new Uint8Array(lengthBytes);
  if (slabUsed + lengthBytes > slab.length) {
    slab = new Uint8Array(SLAB_BYTES);
    slabUsed = 0;
  }
  const bytes = slab.subarray(slabUsed, slabUsed + lengthBytes);
  // Whole words, so that payloads stay aligned.
  slabUsed += (lengthBytes + 7) & ~7;
  return bytes;
}

function setU64(bytes: Uint8Array, at: number, value: number): void {
  setU32(bytes, at, value % 0x1_0000_0000);
  setU32(bytes, at + 4, Math.floor(value / 0x1_0000_0000));
}

function getU64(bytes: Uint8Array, at: number): number {
  const high = getU32(bytes, at + 4);
  if (high >= 0x20_0000) throw new CodecError(`number at byte ${at} of a frame is 2^53 or more`);
  return high * 0x1_0000_0000 + getU32(bytes, at);
}

/** Turns chunks of a byte stream into frames. Chunk boundaries mean nothing. */
export class FrameParser {
  /** Of a frame that has not come whole. */
  #parts: Uint8Array[] = [];
  #partsBytes = 0;
  /** Its length, or that of its header until that has come. */
  #neededBytes = HEADER_BYTES;
  #lost: CodecError | undefined;

  /**
   * The frames that `chunk` completes; payloads may be views into it.
   * @throws CodecError on a wrong magic, kind, size or checksum: the stream is lost from here on
   */
  push(chunk: Uint8Array): Frame[] {
    if (this.#lost !== undefined) throw this.#lost;
    try {
      return this.#take(chunk);
    } catch (error) {
      this.#lost = handled(error, CodecError);
      throw error;
    }
  }

  #take(chunk: Uint8Array): Frame[] {
    const frames: Frame[] = [];
    let bytes = this.#behindPart(chunk);
    while (this.#partsBytes > 0 && bytes.length > 0) bytes = this.#complete(bytes, frames);
    let at = 0;
    while (at < bytes.length) {
      const needed = neededBytes(bytes, at);
      if (bytes.length - at < needed) {
        this.#keep(bytes.subarray(at), needed);
        break;
      }
      frames.push(frameAt(bytes, at, needed));
      at += needed;
    }
    return frames;
  }

  /** A socket puts what it reads behind what it read before: no byte of a part need then be moved. */
  #behindPart(chunk: Uint8Array): Uint8Array {
    const [part] = this.#parts;
    if (part === undefined || this.#parts.length > 1) return chunk;
    if (part.buffer !== chunk.buffer || part.byteOffset + part.length !== chunk.byteOffset) return chunk;
    this.#parts = [];
    this.#partsBytes = 0;
    return new Uint8Array(part.buffer, part.byteOffset, part.length + chunk.length);
  }

  #keep(part: Uint8Array, needed: number): void {
    this.#parts.push(part);
    this.#partsBytes += part.length;
    this.#neededBytes = needed;
  }

  /** Moves what a frame lacks, and no more, behind its parts. @returns the rest */
  #complete(bytes: Uint8Array, frames: Frame[]): Uint8Array {
    const piece = bytes.subarray(0, this.#neededBytes - this.#partsBytes);
    this.#keep(piece, this.#neededBytes);
    if (this.#partsBytes === this.#neededBytes) {
      const payloadBytes = this.#partsBytes - HEADER_BYTES;
      const memory = payloadBytes > LARGE_PAYLOAD_BYTES ? frameMemory.take(payloadBytes) : undefined;
      const joined = joinedIn(memory ?? new Uint8Array(this.#partsBytes), this.#parts);
      const needed = neededBytes(joined, 0);
      this.#parts = [];
      this.#partsBytes = 0;
      if (needed > joined.length) this.#keep(joined, needed);
      else {
        const frame = frameAt(joined, 0, needed);
        frames.push(memory === undefined ? frame : { ...frame, memory });
      }
    }
    return bytes.subarray(piece.length);
  }
}

/** Of the frame that begins there; of its header if that is not there. @throws CodecError */
function neededBytes(bytes: Uint8Array, at: number): number {
  return bytes.length - at < HEADER_BYTES ? HEADER_BYTES : HEADER_BYTES + payloadBytesOf(bytes, at);
}

function joinedIn(memory: Uint8Array, parts: readonly Uint8Array[]): Uint8Array {
  let at = 0;
  for (const part of parts) {
    memory.set(part, at);
    at += part.length;
  }
  return memory.subarray(0, at);
}

/** Checks what must hold before the rest is even received. */
function payloadBytesOf(bytes: Uint8Array, at: number): number {
  const magic = getU32(bytes, at + 4);
  if (magic !== MAGIC) throw new CodecError(`expected frame magic ${MAGIC.toString(16)}, found ${magic.toString(16)}`);
  const payloadBytes = getU32(bytes, at + 16);
  if (payloadBytes > PAYLOAD_BYTES_MAX)
    throw new CodecError(`expected a payload of at most ${PAYLOAD_BYTES_MAX} bytes, found ${payloadBytes}`);
  return payloadBytes;
}

/** Exactly one frame. @throws CodecError */
export function decodeFrame(bytes: Uint8Array): Frame {
  if (bytes.length < HEADER_BYTES)
    throw new CodecError(`expected a frame of ${HEADER_BYTES} bytes or more, found ${bytes.length}`);
  const expectedBytes = HEADER_BYTES + payloadBytesOf(bytes, 0);
  if (bytes.length !== expectedBytes)
    throw new CodecError(`expected a frame of ${expectedBytes} bytes, found ${bytes.length}`);
  return frameAt(bytes, 0, expectedBytes);
}

function frameAt(bytes: Uint8Array, at: number, frameBytes: number): Frame {
  const found = crc32c(bytes.subarray(at + CRC_BYTES, at + frameBytes));
  const expected = getU32(bytes, at);
  if (found !== expected)
    throw new CodecError(`expected frame checksum ${expected.toString(16)}, found ${found.toString(16)}`);
  const code = bytes[at + 8] as number;
  const kind = FRAME_KINDS[code];
  if (kind === undefined) throw new CodecError(`unknown frame kind ${code}`);
  return {
    kind,
    flags: bytes[at + 9] as number,
    pairId: getU32(bytes, at + 12),
    epoch: getU64(bytes, at + 24),
    sequence: getU32(bytes, at + 20),
    offsetBytes: getU64(bytes, at + 32),
    payload: bytes.subarray(at + HEADER_BYTES, at + frameBytes),
  };
}
