import type { Invariant } from "../harness/history/run-record.ts";

/** What each invariant says, for people. */
export const MEANINGS: Readonly<Record<Invariant, string>> = {
  C: "Converged: at rest, both volumes of a mirror in sync are equal, to the last byte",
  D: "Difference is known: wherever the two sides differ, the engine knows it",
  A: "Acknowledged survives: what a host was told is written can be read again",
  F: "No going back: nothing returns to an older version by itself",
  V: "Valid content: every sector holds something that a host wrote to it, whole",
  X: "Prefix: a secondary that is called consistent is a moment of its primary",
  G: "Good source: no resync overwrites the only copy of acknowledged writes unless told to",
  S: "Snapshot: every image, backup and recovery point is exactly its moment",
  L: "Live: when faults end, the mirror comes together by itself, in bounded time",
  U: "Unacknowledged is atomic: a write without an answer is there wholly or not at all",
};
