import { assert } from "../assert.ts";
import { CodecError } from "./byte-codec.ts";
import { crc32c } from "./crc32c.ts";

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
] as const;
export type FrameKind = (typeof FRAME_KINDS)[number];

const firstOrdered = FRAME_KINDS.indexOf("write");

/** Whether frames of `kind` go through the ordered apply queue. */
export function isOrdered(kind: FrameKind): boolean {
  return FRAME_KINDS.indexOf(kind) >= firstOrdered;
}

export interface Frame {
  readonly kind: FrameKind;
  /** Bit 0: force unit access. */
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
}

export const FLAG_FUA = 1;
const MAGIC = 0x31565352; // "RSV1"
export const HEADER_BYTES = 48;
/** The largest payload that a frame may have; a larger one is not even received. */
export const PAYLOAD_BYTES_MAX = 1024 * 1024;
const CRC_AT = 44;

/**
 * ```text
 *  0 u32 magic   4 u8 kind   5 u8 flags   6 u16 zero   8 u32 pair id   12 u32 payload bytes
 * 16 u64 epoch  24 u64 offset             32 u32 sequence              36 u64 zero
 * 44 u32 CRC-32C of bytes 0…43 and the payload                         48 payload
 * ```
 */
export function encodeFrame(frame: Frame): Uint8Array {
  const { payload } = frame;
  assert(payload.length <= PAYLOAD_BYTES_MAX, `the other end does not take a payload of ${payload.length} bytes`);
  const bytes = new Uint8Array(HEADER_BYTES + payload.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, MAGIC, true);
  bytes[4] = FRAME_KINDS.indexOf(frame.kind);
  bytes[5] = frame.flags;
  view.setUint32(8, frame.pairId, true);
  view.setUint32(12, payload.length, true);
  setU64(view, 16, frame.epoch);
  setU64(view, 24, frame.offsetBytes);
  view.setUint32(32, frame.sequence, true);
  bytes.set(payload, HEADER_BYTES);
  view.setUint32(CRC_AT, crc32c(bytes.subarray(0, CRC_AT), payload), true);
  return bytes;
}

function setU64(view: DataView, at: number, value: number): void {
  view.setUint32(at, value % 0x1_0000_0000, true);
  view.setUint32(at + 4, Math.floor(value / 0x1_0000_0000), true);
}

function getU64(view: DataView, at: number): number {
  const high = view.getUint32(at + 4, true);
  if (high >= 0x20_0000) throw new CodecError(`number at byte ${at} of a frame is 2^53 or more`);
  return high * 0x1_0000_0000 + view.getUint32(at, true);
}

/** Turns chunks of a byte stream into frames. Chunk boundaries mean nothing. */
export class FrameParser {
  #parts: Uint8Array[] = [];
  #partsBytes = 0;
  /** Bytes without which nothing new can be parsed: joining the parts earlier would cost squares. */
  #neededBytes = HEADER_BYTES;

  /**
   * The frames that `chunk` completes; payloads may be views into it.
   * @throws CodecError on a wrong magic, kind, size or checksum: the stream is lost from here on
   */
  push(chunk: Uint8Array): Frame[] {
    this.#parts.push(chunk);
    this.#partsBytes += chunk.length;
    if (this.#partsBytes < this.#neededBytes) return [];
    const bytes = this.#parts.length === 1 ? chunk : concat(this.#parts, this.#partsBytes);
    const frames: Frame[] = [];
    let at = 0;
    let needed = HEADER_BYTES;
    while (bytes.length - at >= HEADER_BYTES) {
      const payloadBytes = payloadBytesOf(bytes, at);
      needed = HEADER_BYTES + payloadBytes;
      if (bytes.length - at < needed) break;
      frames.push(decodeFrame(bytes.subarray(at, at + needed)));
      at += needed;
      needed = HEADER_BYTES;
    }
    this.#neededBytes = needed;
    this.#partsBytes = bytes.length - at;
    this.#parts = at === bytes.length ? [] : [bytes.subarray(at)];
    return frames;
  }
}

function concat(parts: readonly Uint8Array[], lengthBytes: number): Uint8Array {
  const joined = new Uint8Array(lengthBytes);
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

/** Checks what must hold before the rest is even received. */
function payloadBytesOf(bytes: Uint8Array, at: number): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, HEADER_BYTES);
  const magic = view.getUint32(0, true);
  if (magic !== MAGIC) throw new CodecError(`expected frame magic ${MAGIC.toString(16)}, found ${magic.toString(16)}`);
  const payloadBytes = view.getUint32(12, true);
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
  const view = new DataView(bytes.buffer, bytes.byteOffset, HEADER_BYTES);
  const payload = bytes.subarray(HEADER_BYTES);
  const found = crc32c(bytes.subarray(0, CRC_AT), payload);
  const expected = view.getUint32(CRC_AT, true);
  if (found !== expected)
    throw new CodecError(`expected frame checksum ${expected.toString(16)}, found ${found.toString(16)}`);
  const kind = FRAME_KINDS[view.getUint8(4)];
  if (kind === undefined) throw new CodecError(`unknown frame kind ${view.getUint8(4)}`);
  return {
    kind,
    flags: view.getUint8(5),
    pairId: view.getUint32(8, true),
    epoch: getU64(view, 16),
    sequence: view.getUint32(32, true),
    offsetBytes: getU64(view, 24),
    payload,
  };
}
