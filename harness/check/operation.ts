import type { HostErrorCode } from "../target/target.ts";

/** Order of a moment that has not come. */
export const NEVER = Number.POSITIVE_INFINITY;

/** `restore`: the volume took over other content, at the command of an operator. */
export type OperationKind = "write" | "trim" | "write-zeroes" | "flush" | "read" | "restore";

/** One request of a host, or one restore. Moments are orders of events, not nanoseconds. */
export interface Operation {
  readonly index: number;
  readonly kind: OperationKind;
  readonly host: string;
  /** Index of the disk of the volume that it was issued to. */
  readonly disk: number;
  readonly firstSector: number;
  readonly sectorCount: number;
  readonly fua: boolean;
  readonly issuedAt: number;
  readonly issuedNs: number;
  /** When it was answered; after it, it can have no new effect on its own system. */
  endedAt: number;
  state: "open" | "acknowledged" | HostErrorCode;
  /** A host was told that it is done, also if that is no measure of what the disks hold. */
  isTold: boolean;
  /** It was asked for when a primary said of itself that its pair was suspended. */
  readonly askedAlone: boolean;
  /**
   * It was acknowledged by such a primary; if the pair is asynchronous, one that was so when it was asked for: there the
   * secondary has no say in it, and what was under way belongs to what came before.
   */
  alone: boolean;
  /** When a flush that covers it was acknowledged. */
  flushedAt: number;
  /** Disks, as bits, on which it must survive a power loss. */
  durableOn: number;
  /** Its versions: the first, and how many. */
  firstVersion: number;
  versionCount: number;
}

/** What every sector held before the first request. */
export const INITIAL: Operation = {
  index: -1,
  kind: "write-zeroes",
  host: "",
  disk: -1,
  firstSector: 0,
  sectorCount: 0,
  fua: false,
  issuedAt: -1,
  issuedNs: 0,
  endedAt: -1,
  state: "acknowledged",
  isTold: true,
  askedAlone: false,
  alone: false,
  flushedAt: -1,
  durableOn: 0,
  firstVersion: 0,
  versionCount: 0,
};

/** True if `older` had ended when `newer` began: only then is their order known. */
export function precedes(older: Operation, newer: Operation): boolean {
  return older.endedAt < newer.issuedAt;
}

/** The system of the disk refused it to its host: it may be there, or a part of it, and a start may undo that. */
export function isRefusedBy(diskIndex: number, { disk, state }: Operation): boolean {
  return disk === diskIndex && state !== "open" && state !== "acknowledged";
}

/** `write #12 by h1 at 3.250000 ms`. */
export function describeOperation(operation: Operation): string {
  if (operation === INITIAL) return "initial zeros";
  const state =
    operation.state === "acknowledged" ? "" : operation.state === "open" ? ", unanswered" : `, ${operation.state}`;
  return `${operation.kind} #${operation.index} by ${operation.host} at ${(operation.issuedNs / 1e6).toFixed(6)} ms${state}`;
}
