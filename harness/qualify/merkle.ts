import { createHash } from "node:crypto";

/**
 * The root of a Merkle tree (RFC 9162, section 2.1.1): SHA-256, leaves and nodes told apart by a first byte, no leaf
 * counted twice.
 *
 * @returns 64 hexadecimal digits
 */
export function merkleRoot(leaves: readonly string[]): string {
  return rootOf(leaves.map((leaf) => sha256(Buffer.of(0), Buffer.from(leaf, "utf8")))).toString("hex");
}

function rootOf(hashes: readonly Buffer[]): Buffer {
  const [first] = hashes;
  if (first === undefined) return sha256();
  if (hashes.length === 1) return first;
  // The largest power of two below their number.
  const half = 2 ** Math.floor(Math.log2(hashes.length - 1));
  return sha256(Buffer.of(1), rootOf(hashes.slice(0, half)), rootOf(hashes.slice(half)));
}

function sha256(...parts: readonly Buffer[]): Buffer {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest();
}
