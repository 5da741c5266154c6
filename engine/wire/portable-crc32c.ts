import { createCRC32 } from "hash-wasm";

// The Castagnoli polynomial, reflected. Loaded once: afterwards hashing is synchronous.
const hasher = await createCRC32(0x82f63b78);

/** CRC-32C of the parts, one after the other, by WebAssembly: for where there is no native one. */
export function portableCrc32c(...parts: readonly Uint8Array[]): number {
  hasher.init();
  for (const part of parts) hasher.update(part);
  const digest = hasher.digest("binary");
  return (
    (((digest[0] as number) << 24) |
      ((digest[1] as number) << 16) |
      ((digest[2] as number) << 8) |
      (digest[3] as number)) >>>
    0
  );
}
