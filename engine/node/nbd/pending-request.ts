import type { NbdExtent } from "./nbd-export.ts";
import type { Request } from "./request.ts";

/** A request of a client that the server has not answered in full. */
export interface PendingRequest {
  readonly request: Request;
  /** Of a read: where the data goes. */
  readonly into: Uint8Array | undefined;
  readonly coverage: Coverage;
  /** Of a block status: what came, by the identifier of the context. */
  readonly extents: Map<number, readonly NbdExtent[]>;
  /** The first error that the server reported. */
  fault: { readonly errno: number; readonly message: string } | undefined;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** Which bytes of a read have come. Chunks may come in any order, but never twice for one byte. */
export class Coverage {
  /** Half-open, in order, with gaps between them. */
  readonly #ranges: { start: number; end: number }[] = [];

  /** @returns false if some of it has come already */
  add(start: number, end: number): boolean {
    const ranges = this.#ranges;
    // Nearly always behind the last one.
    let index = ranges.length;
    while (index > 0 && (ranges[index - 1] as { start: number }).start >= start) index--;
    const before = ranges[index - 1];
    const after = ranges[index];
    if (before !== undefined && before.end > start) return false;
    if (after !== undefined && after.start < end) return false;
    if (before?.end === start) {
      before.end = end;
      if (after?.start === end) {
        before.end = after.end;
        ranges.splice(index, 1);
      }
    } else if (after?.start === end) after.start = start;
    else ranges.splice(index, 0, { start, end });
    return true;
  }

  /** Whether everything from `start` to `end` has come. */
  isWhole(start: number, end: number): boolean {
    if (start === end) return true;
    const [only] = this.#ranges;
    return this.#ranges.length === 1 && only?.start === start && only.end === end;
  }
}
