import type { Bitmap } from "../volume/bitmap.ts";

/** What remembers updates durably (LS-3): a bitmap of tracks, or a log of updates by their numbers. */
export const TRACKERS = ["bitmap", "lsn"] as const;
export type Tracker = (typeof TRACKERS)[number];

/**
 * The durable side of a set of pending tracks, and the intent log (rule 3). Never holds less than what is
 * pending; may hold more.
 */
export interface IntentStore {
  /** Reads the marks into `into`. @returns how much of it could not be believed, and counts as marked. @throws DiskError */
  load(into: Bitmap): Promise<number>;
  /** Makes the marks of all pending tracks durable: a new pair, or a merge of many. @throws DiskError */
  writeAll(): Promise<void>;
  /**
   * Makes the marks of tracks `first` to `last` durable; `undefined` if they are already. They are
   * pending in memory before the call. @throws DiskError: do not write the data
   */
  mark(first: number, last: number): Promise<void> | undefined;
  /**
   * The marks are nearly equal to this set, which decides nothing but the memory that they take; `undefined`:
   * to none.
   */
  lean(pending: Bitmap | undefined): void;
  /** Whether it keeps marks that memory does not need, for as long as the volume is in use. */
  readonly isWarm: boolean;
  /** Clears marks that memory does not need, once there are many or if `all`. @throws DiskError */
  sweep(pendingCount: number, all: boolean): Promise<void>;
  /** Nobody needs the marks any more: none is written from here on, and when it settles its place may be another's. */
  end(): Promise<void>;
}
