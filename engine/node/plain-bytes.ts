// What Node.js hands out is a Buffer, whose `slice` shares memory where that of a Uint8Array copies. The engine
// is written for Uint8Array, so no Buffer may reach it.

/** `lengthBytes` of memory with anything in it, shared with nobody: not from the pool of Node.js. */
export function ownBytes(lengthBytes: number): Uint8Array<ArrayBuffer> {
  return plainView(Buffer.allocUnsafeSlow(lengthBytes), 0, lengthBytes);
}

/** The `lengthBytes` from `at` on, in the same memory. */
export function plainView(bytes: Uint8Array<ArrayBuffer>, at: number, lengthBytes: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes.buffer, bytes.byteOffset + at, lengthBytes);
}
