import type { Clock, Disk, Log } from "../ports/index.ts";
import { type SlotFormat, TwoSlots, twoSlotsBytes } from "../volume/two-slots.ts";
import { type ByteReader, ByteWriter } from "../wire/byte-codec.ts";

/** Copies between volume and base: `base` gets the volume's content; `none` runs. */
export const BASE_STATES = ["whole", "copying", "stale"] as const;

/**
 * The journal function management table (JR-2): what the taking of journal logs and recovery go by.
 * All of it is durable; where the next record goes is found by reading the log from `headPosition` on.
 */
export interface JournalState {
  /** Tells this journal's records from those of an earlier one on the same disk. */
  journalId: number;
  /** Counts the starts. */
  incarnation: number;
  volume: string;
  baseVolume: string;
  /** Volumes whose journals are recovered together; "" for one by itself. */
  group: string;
  /** `copying`: the base is being made, nothing can be recovered; `stale`: that failed. */
  base: (typeof BASE_STATES)[number];
  /** The base holds the volume as of this entry, or of a later one up to {@link foldLsn}. */
  baseLsn: number;
  /** Up to here entries are being folded into the base: the oldest moment that can be recovered. */
  foldLsn: number;
  foldTimeUs: number;
  /** At that moment the volume was a mixture. */
  foldMixed: boolean;
  /** Of the entry after {@link baseLsn} in the log. */
  headPosition: number;
  /** No entry from there on is of an earlier start: one that is was torn then, and is none. */
  headIncarnation: number;
  /** The last rewind, at least if it is not in the log any more. */
  rewindLsn: number;
  /** It was the other end that went back, and this one follows by itself. */
  rewindTold: boolean;
  /** The recovery that began with this rewind is complete; a later one is to be resumed. */
  finishedLsn: number;
  /** The disks of volume and base are exchanged (JR-6). */
  swapped: boolean;
  /** The image of the volume that this journal keeps (LS-2b): its number, 0 for none yet, and the entry that it is after. */
  imageMoment: number;
  imageLsn: number;
  imageFixed: boolean;
  imageRolling: boolean;
  /** Somewhere the volume may not hold what the journal says. */
  unsure: boolean;
  /** It did so at some moment: what the other end has in its journal there may be a third thing. */
  apart: boolean;
  /**
   * Of the first journal of a group: a recovery of the group that is decided and not carried out in every
   * journal yet. Empty otherwise.
   */
  decided: readonly DecidedRecovery[];
}

/** Of a journal that nothing was ever written to, and that has no base. */
export function freshState(
  named: Pick<JournalState, "journalId" | "volume" | "baseVolume" | "group" | "foldTimeUs">,
): JournalState {
  return {
    ...named,
    incarnation: 0,
    base: "stale",
    baseLsn: 0,
    foldLsn: 0,
    foldMixed: false,
    headPosition: 0,
    headIncarnation: 0,
    rewindLsn: 0,
    rewindTold: false,
    finishedLsn: 0,
    swapped: false,
    imageMoment: 0,
    imageLsn: 0,
    imageFixed: false,
    imageRolling: false,
    unsure: false,
    apart: false,
    decided: [],
  };
}

/** What one journal does in a recovery of its group. */
export interface DecidedRecovery {
  readonly journalId: number;
  readonly method: (typeof RECOVERY_METHODS)[number];
  /** The moment that its volume goes back to. */
  readonly targetLsn: number;
  /** Of the rewind, or of the base after the swap: the journal has done it when it is so far. */
  readonly lsn: number;
}

const RECOVERY_METHODS = ["apply", "swap"] as const;

const FORMAT: SlotFormat<JournalState> = {
  table: "journal function management table",
  magic: 0x354d464a, // "JFM5"
  slotBytes: 4096,
  decode: decodeState,
};

/** What the table takes at the head of a log volume. */
export const TABLE_BYTES = twoSlotsBytes(FORMAT);

/** Keeps a {@link JournalState} in {@link TwoSlots} at the head of the log volume. */
export class ManagementTable {
  readonly state: JournalState;
  readonly #slots: TwoSlots;

  private constructor(state: JournalState, slots: TwoSlots) {
    this.state = state;
    this.#slots = slots;
  }

  /**
   * Reads the table, or makes the first one of `first()`, durable in both slots when it settles.
   * @throws EngineError META_CORRUPT if neither slot can be believed. @throws DiskError
   */
  static async open(first: () => JournalState, disk: Disk, clock: Clock, log: Log): Promise<ManagementTable> {
    const { slots, content } = await TwoSlots.load(FORMAT, { disk, clock, log, failedStep: "journal.write.failed" });
    const table = new ManagementTable(content ?? first(), slots);
    if (content !== undefined) return table;
    await table.persist();
    await table.persist();
    return table;
  }

  /** No entry of the log, which ends at `position`, is needed any more. {@link persist} follows. */
  emptyLog(position: number): void {
    this.state.headPosition = position;
    this.state.headIncarnation = this.state.incarnation;
  }

  /** As {@link TwoSlots.persist}. */
  persist(): Promise<void> {
    return this.#slots.persist(() => encodeState(this.state));
  }
}

function encodeState(state: JournalState): Uint8Array {
  const writer = new ByteWriter(256)
    .u32(state.journalId)
    .u32(state.incarnation)
    .text(state.volume)
    .text(state.baseVolume)
    .text(state.group)
    .u8(BASE_STATES.indexOf(state.base))
    .u64(state.baseLsn)
    .u64(state.foldLsn)
    .u64(state.foldTimeUs)
    .bool(state.foldMixed)
    .u64(state.headPosition)
    .u32(state.headIncarnation)
    .u64(state.rewindLsn)
    .bool(state.rewindTold)
    .u64(state.finishedLsn)
    .bool(state.swapped)
    .u32(state.imageMoment)
    .u64(state.imageLsn)
    .bool(state.imageFixed)
    .bool(state.imageRolling)
    .bool(state.unsure)
    .bool(state.apart)
    .u16(state.decided.length);
  for (const { journalId, method, targetLsn, lsn } of state.decided)
    writer.u32(journalId).u8(RECOVERY_METHODS.indexOf(method)).u64(targetLsn).u64(lsn);
  return writer.bytes();
}

/** @throws CodecError */
function decodeState(body: ByteReader): JournalState {
  return {
    journalId: body.u32(),
    incarnation: body.u32(),
    volume: body.text(),
    baseVolume: body.text(),
    group: body.text(),
    base: body.oneOf(BASE_STATES),
    baseLsn: body.u64(),
    foldLsn: body.u64(),
    foldTimeUs: body.u64(),
    foldMixed: body.bool(),
    headPosition: body.u64(),
    headIncarnation: body.u32(),
    rewindLsn: body.u64(),
    rewindTold: body.bool(),
    finishedLsn: body.u64(),
    swapped: body.bool(),
    imageMoment: body.u32(),
    imageLsn: body.u64(),
    imageFixed: body.bool(),
    imageRolling: body.bool(),
    unsure: body.bool(),
    apart: body.bool(),
    decided: Array.from({ length: body.u16() }, () => ({
      journalId: body.u32(),
      method: body.oneOf(RECOVERY_METHODS),
      targetLsn: body.u64(),
      lsn: body.u64(),
    })),
  };
}
