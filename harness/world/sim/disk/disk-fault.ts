import { SECTOR_BYTES } from "../../../../engine/ports/index.ts";
import type { DiskFaultTrigger } from "../../world.ts";
import type { RequestKind } from "./request.ts";

/** What a disk does wrong. Where a write lies partly in the range, only that part is lost, misdirected or flipped. */
export type DiskFaultSpec = DiskFaultTrigger &
  (
    | {
        /** The request fails. */
        readonly kind: "eio";
        readonly on: readonly RequestKind[];
        /** Which sectors a failed write or trim reached: `random` (each on its own) without. */
        readonly reach?: "none" | "random" | "all";
      }
    /** Writes fail and reach no sector. */
    | { readonly kind: "enospc" }
    /** Writes are acknowledged and never applied. */
    | { readonly kind: "lost-write" }
    /** Writes land somewhere else: at `toOffsetBytes`, or anywhere. */
    | { readonly kind: "misdirected-write"; readonly toOffsetBytes?: number }
    /** One bit of what is written flips on the way: bit `bitIndex` of it (modulo its length), or any. */
    | { readonly kind: "bit-flip"; readonly bitIndex?: number }
    /** Bits flip at once, at rest: `bitIndex` from the start of the range (of the disk), or any `bits` of it. */
    | { readonly kind: "bit-rot"; readonly bitIndex?: number; readonly bits?: number }
    /** Requests wait until the fault is healed, or for `durationNs`. */
    | { readonly kind: "stall"; readonly on: readonly RequestKind[]; readonly durationNs?: number }
    /** If power is lost while the write is not durable, only these of its sectors survive: the first ones, or those listed. */
    | { readonly kind: "torn-write"; readonly sectors: number | readonly number[] }
  );

/** A fault that this disk cannot be given. */
export class DiskFaultError extends Error {
  readonly place: string;
  readonly found: string;
  readonly expected: string;
  readonly remedy: string;

  constructor(place: string, found: string, expected: string, remedy: string) {
    super(`${place}: found ${found}, expected ${expected}; ${remedy}`);
    this.name = "DiskFaultError";
    this.place = place;
    this.found = found;
    this.expected = expected;
    this.remedy = remedy;
  }
}

/** @throws DiskFaultError */
export function checkFault(spec: DiskFaultSpec, diskName: string, sizeBytes: number): void {
  const place = `disk ${diskName}, fault ${spec.kind}`;
  const { range, nth, count, probability } = spec;
  if (range !== undefined) {
    const { offsetBytes, lengthBytes } = range;
    const fits = isAligned(offsetBytes) && isAligned(lengthBytes) && lengthBytes > 0;
    if (!fits || offsetBytes + lengthBytes > sizeBytes) {
      const found = `byte ${offsetBytes}, ${lengthBytes} bytes`;
      const expected = `whole sectors of ${SECTOR_BYTES} bytes inside ${sizeBytes} bytes`;
      throw new DiskFaultError(`${place}, range`, found, expected, "round the range to sectors of this disk");
    }
  }
  if (nth !== undefined) checkWhole(`${place}, nth`, nth, 1);
  if (count !== undefined) checkWhole(`${place}, count`, count, 1);
  if (probability !== undefined && !(probability >= 0 && probability <= 1)) {
    throw new DiskFaultError(`${place}, probability`, String(probability), "0 to 1", "give a ratio, not a percentage");
  }
  switch (spec.kind) {
    case "eio":
    case "stall":
      if (spec.on.length === 0) {
        throw new DiskFaultError(`${place}, on`, "no kind of request", "read, write, flush or trim", "name one");
      }
      if (spec.kind === "stall" && spec.durationNs !== undefined)
        checkWhole(`${place}, durationNs`, spec.durationNs, 1);
      return;
    case "misdirected-write": {
      const to = spec.toOffsetBytes;
      if (to === undefined || (isAligned(to) && to < sizeBytes)) return;
      const expected = `the start of a sector below ${sizeBytes}`;
      throw new DiskFaultError(`${place}, toOffsetBytes`, String(to), expected, "name a sector of this disk");
    }
    case "bit-flip":
    case "bit-rot":
      if (spec.bitIndex !== undefined) checkWhole(`${place}, bitIndex`, spec.bitIndex, 0);
      if (spec.kind === "bit-rot" && spec.bits !== undefined) checkWhole(`${place}, bits`, spec.bits, 1);
      return;
    case "torn-write":
      for (const sector of typeof spec.sectors === "number" ? [spec.sectors] : spec.sectors) {
        checkWhole(`${place}, sectors`, sector, 0);
      }
      return;
    case "enospc":
    case "lost-write":
      return;
  }
}

function isAligned(bytes: number): boolean {
  return bytes >= 0 && bytes % SECTOR_BYTES === 0;
}

function checkWhole(place: string, found: number, min: number): void {
  if (Number.isSafeInteger(found) && found >= min) return;
  throw new DiskFaultError(place, String(found), `a whole number from ${min}`, "correct the number");
}
