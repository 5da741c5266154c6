import type { Random } from "../../../../engine/ports/index.ts";
import type { RequestKind } from "./request.ts";

/** How long a request takes, each a mean in virtual nanoseconds. */
export interface DiskTiming {
  readonly readNs: number;
  readonly writeNs: number;
  readonly fuaWriteNs: number;
  readonly flushNs: number;
  readonly trimNs: number;
  /** Uniform spread about the mean, 0 ≤ ratio < 1. */
  readonly jitterRatio: number;
}

/** An NVMe drive with a volatile cache. */
export const defaultTiming: DiskTiming = {
  readNs: 80_000,
  writeNs: 30_000,
  fuaWriteNs: 200_000,
  flushNs: 400_000,
  trimNs: 50_000,
  jitterRatio: 0.25,
};

/** How long one request takes: whole, at least 1. One draw from `random`, whatever the request. */
export function latencyNs(timing: DiskTiming, kind: RequestKind, fua: boolean, random: Random): number {
  const unit = random.next32() / 0x1_0000_0000;
  return Math.max(1, Math.floor(meanNs(timing, kind, fua) * (1 + timing.jitterRatio * (2 * unit - 1))));
}

function meanNs(timing: DiskTiming, kind: RequestKind, fua: boolean): number {
  switch (kind) {
    case "read":
      return timing.readNs;
    case "write":
      return fua ? timing.fuaWriteNs : timing.writeNs;
    case "flush":
      return timing.flushNs;
    case "trim":
      return timing.trimNs;
  }
}
