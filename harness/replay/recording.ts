import type { ImageReport, JournalReport, PairReport } from "../target/target.ts";
import type { Failure, FaultRecord, Verdict } from "../history/run-record.ts";

// A run that can be looked at, at any event: plain data, so that it can be sent from a worker to a page.

/** Every event of the run; columns of one length. */
export interface EventColumns {
  readonly count: number;
  /** Virtual nanoseconds. */
  readonly timeNs: Float64Array<ArrayBuffer>;
  /** Index into {@link Recording.kinds}. */
  readonly kind: Uint16Array<ArrayBuffer>;
  /** Index into {@link Recording.actors}. */
  readonly actor: Uint16Array<ArrayBuffer>;
  readonly a: Float64Array<ArrayBuffer>;
  readonly b: Float64Array<ArrayBuffer>;
  /** Hash of what it carried; 0 without. */
  readonly content: Uint32Array<ArrayBuffer>;
  /** Index of the event during which it was scheduled; -1 for none. */
  readonly cause: Int32Array<ArrayBuffer>;
}

export interface RecordedKind {
  readonly name: string;
  /** The meaning of `a` and `b`; "" without. */
  readonly a: string;
  readonly b: string;
}

/** What holds from an event on, until the next entry for the same. */
export interface From {
  readonly event: number;
}

/** What one system says of itself; `undefined` while it is down. */
export interface SystemReport {
  readonly pairs: readonly PairReport[];
  readonly journals: readonly JournalReport[];
  readonly images: readonly ImageReport[];
  readonly restores: readonly RestoreRow[];
}

/** A volume that takes over other content. */
export interface RestoreRow {
  readonly volume: string;
  readonly from: string;
  readonly doneTracks: number;
  readonly totalTracks: number;
}

export type SystemState = "running" | "paused" | "down";

export interface SystemEntry extends From {
  readonly system: string;
  readonly state: SystemState;
  readonly report: SystemReport | undefined;
}

/** A fault, from the event in which it struck until it was healed. */
export interface FaultBand {
  readonly kind: string;
  /** On what: `link`, `b/svol`, `a`. */
  readonly on: string;
  readonly fromNs: number;
  /** The end of the run, if nobody healed it. */
  readonly toNs: number;
}

/** How a cell of a volume's map stands to the same cell of its mirror. */
export const CELL_STATES = [
  /** Same content at both ends, and nobody says otherwise. */
  "same",
  /** Known to the engine: pending, or on its way. */
  "pending",
  /** Known, and the content differs. */
  "differs",
  /** Differs, and nobody knows. */
  "unknown",
  /** The volume is still taking this over: a host sees it, the disk does not hold it. */
  "invalid",
] as const;
export type CellState = (typeof CELL_STATES)[number];

/** The map of one volume of one pair. */
export interface VolumeMap {
  readonly pair: string;
  readonly system: string;
  readonly volume: string;
  readonly sizeBytes: number;
  readonly trackBytes: number;
  readonly cells: number;
  /** Tracks that one cell stands for; the last may stand for fewer. */
  readonly tracksPerCell: number;
}

/** Changes of cells, in the order of events; columns of one length. All cells begin as `same`. */
export interface CellColumns {
  readonly count: number;
  readonly event: Int32Array<ArrayBuffer>;
  /** Index into {@link Recording.maps}. */
  readonly map: Uint8Array<ArrayBuffer>;
  readonly cell: Uint16Array<ArrayBuffer>;
  /** Index into {@link CELL_STATES}. */
  readonly state: Uint8Array<ArrayBuffer>;
}

export interface Recording {
  readonly id: string;
  readonly seed: number;
  readonly historyHash: string;
  readonly verdict: Verdict;
  readonly virtualNs: number;
  readonly wallMs: number;
  readonly kinds: readonly RecordedKind[];
  readonly actors: readonly string[];
  readonly events: EventColumns;
  readonly systems: readonly SystemEntry[];
  readonly bands: readonly FaultBand[];
  readonly maps: readonly VolumeMap[];
  readonly cells: CellColumns;
  readonly faults: readonly FaultRecord[];
  readonly failures: readonly Failure[];
  /** What was left out because the run is long: "" if nothing was. */
  readonly cutShort: string;
}
