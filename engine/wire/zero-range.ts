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

/** Whether all of `bytes`, a multiple of eight, are zero. */
export function isZero(bytes: Uint8Array): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at < bytes.length; at += 8)
    if (view.getInt32(at, true) !== 0 || view.getInt32(at + 4, true) !== 0) return false;
  return true;
}
