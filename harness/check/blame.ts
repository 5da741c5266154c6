import { SECTOR_BYTES } from "../../engine/ports/index.ts";
import type { BlockBlame } from "../history/run-record.ts";
import type { DiskState } from "./disk-state.ts";
import type { Incidents } from "./incidents.ts";
import { describeOperation } from "./operation.ts";
import { ZERO_HASH } from "./sector-hash.ts";
import { NO_VERSION } from "./versions.ts";

const BLOCKS_MAX = 16;

/** A sector that is not what it should be. */
export interface BadSector {
  readonly sector: number;
  /** Hash of what is there. */
  readonly found: number;
  /** In words. */
  readonly expected: string;
  /** The disk that it was compared with: the fault may be that one's. */
  readonly against?: DiskState;
}

/** Says of bad sectors of one disk what is there, what should be, and why; neighbours become one block. */
export function blameSectors(disk: DiskState, bad: readonly BadSector[], incidents: Incidents): BlockBlame[] {
  const blocks: {
    volume: string;
    offsetBytes: number;
    lengthBytes: number;
    found: string;
    expected: string;
    cause: string;
  }[] = [];
  const rising = [...bad].sort((left, right) => left.sector - right.sector);
  for (const { sector, found, expected, against } of rising) {
    const offsetBytes = sector * SECTOR_BYTES;
    const text = describeContent(disk, sector, found);
    const cause = causeOf(disk, sector, against, incidents);
    const last = blocks[blocks.length - 1];
    if (
      last !== undefined &&
      last.offsetBytes + last.lengthBytes === offsetBytes &&
      last.found === text &&
      last.expected === expected &&
      last.cause === cause
    ) {
      last.lengthBytes += SECTOR_BYTES;
      continue;
    }
    if (blocks.length === BLOCKS_MAX) break;
    blocks.push({ volume: disk.volume, offsetBytes, lengthBytes: SECTOR_BYTES, found: text, expected, cause });
  }
  return blocks;
}

/** What content is, in words: the write that made it, if any did. */
export function describeContent(disk: DiskState, sector: number, hash: number): string {
  const { versions } = disk;
  const here = versions.newest(sector, hash);
  if (here !== NO_VERSION) return describeVersion(disk, here);
  if (hash === ZERO_HASH) return "zeros";
  const elsewhere = versions.anywhere(hash);
  if (elsewhere === NO_VERSION) return "bytes that no host wrote";
  return `${describeVersion(disk, elsewhere)}, which belongs at byte ${versions.sector(elsewhere) * SECTOR_BYTES}`;
}

export function describeVersion(disk: DiskState, version: number): string {
  return describeOperation(disk.versions.operation(version));
}

function causeOf(disk: DiskState, sector: number, against: DiskState | undefined, incidents: Incidents): string {
  const parts: string[] = [];
  const fault = disk.faultAt(sector);
  if (fault !== undefined) parts.push(`disk fault ${fault}`);
  const faultThere = against?.faultAt(sector);
  if (faultThere !== undefined) parts.push(`disk fault ${faultThere} on ${against?.volume}`);
  const change = disk.lastChange(sector);
  const before = change === undefined ? "" : incidents.lastBefore(change.at);
  if (change === undefined) parts.push("never changed");
  else {
    const after = before === "" ? "" : `, after ${before}`;
    parts.push(`last changed by ${change.reason} at ${(change.timeNs / 1e6).toFixed(6)} ms${after}`);
  }
  const latest = incidents.lastBefore(Number.POSITIVE_INFINITY);
  if (latest !== before) parts.push(`latest event: ${latest}`);
  return parts.join("; ");
}
