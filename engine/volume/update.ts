/** What a host may do with a volume. */
export type Access = "read-write" | "read-only" | "none";

/** A range of a volume. */
export interface Extent {
  readonly offsetBytes: number;
  readonly lengthBytes: number;
}

/** How two systems with journals call one and the same change (JR-5): by the journal that numbered it first. */
export interface ChangeNumber {
  readonly journalId: number;
  readonly lsn: number;
}

/** One change to a range of a volume. `number`: as the system that it comes from calls it, if it has a journal. */
export type Update =
  | {
      readonly kind: "write";
      readonly offsetBytes: number;
      readonly data: Uint8Array;
      readonly fua: boolean;
      readonly number?: ChangeNumber;
    }
  | {
      readonly kind: "zero";
      readonly offsetBytes: number;
      readonly lengthBytes: number;
      readonly number?: ChangeNumber;
    };

/** {@link Update} that brings data. */
export type WriteUpdate = Extract<Update, { readonly kind: "write" }>;

/** Bytes of the volume that change. */
export function lengthOf(update: Update): number {
  return update.kind === "write" ? update.data.length : update.lengthBytes;
}
