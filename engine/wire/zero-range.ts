import { ByteReader, ByteWriter } from "./byte-codec.ts";

/** Payload of a `zero` frame: the length of the range, eight bytes. */
export function zeroPayload(lengthBytes: number): Uint8Array {
  return new ByteWriter(8).u64(lengthBytes).bytes();
}

/** @throws CodecError */
export function readZeroPayload(payload: Uint8Array): number {
  const reader = new ByteReader(payload);
  const lengthBytes = reader.u64();
  reader.end();
  return lengthBytes;
}

/** Whether all of `bytes`, a multiple of four, are zero. */
export function isZero(bytes: Uint8Array): boolean {
  // Words cost a quarter of bytes; a view of words must be aligned.
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
  const words = new Uint32Array(aligned.buffer, aligned.byteOffset, aligned.length / 4);
  for (let index = 0; index < words.length; index++) if (words[index] !== 0) return false;
  return true;
}
