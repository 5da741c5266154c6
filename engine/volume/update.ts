/** What a host may do with a volume. */
export type Access = "read-write" | "read-only" | "none";

/** One change to a range of a volume. */
export type Update =
  | { readonly kind: "write"; readonly offsetBytes: number; readonly data: Uint8Array; readonly fua: boolean }
  | { readonly kind: "zero"; readonly offsetBytes: number; readonly lengthBytes: number };

/** Bytes of the volume that change. */
export function lengthOf(update: Update): number {
  return update.kind === "write" ? update.data.length : update.lengthBytes;
}
