import type { ByteReader, ByteWriter } from "../wire/byte-codec.ts";
import { type Status, STATUSES } from "./pair-entry.ts";

/**
 * What a split local mirror is busy with. `completing`: it was split before it was in sync, and the
 * tracks marked on the mirror's side are still being copied, as of the split. `restoring`: the
 * primary volume gets the mirror's content.
 */
export const LOCAL_TASKS = ["", "completing", "restoring"] as const;
export type LocalTask = (typeof LOCAL_TASKS)[number];

/** Why a local mirror is SPLIT; `error`: one of its disks failed. */
export const LOCAL_SUSPENSIONS = ["", "operator", "error"] as const;
export type LocalSuspension = (typeof LOCAL_SUSPENSIONS)[number];

/** A local mirror's entry of the copy management table (BR-1): one for both volumes, as one system has both. */
export interface LocalPairEntry {
  readonly copyType: "local";
  readonly id: number;
  readonly name: string;
  readonly volume: string;
  readonly mirrorVolume: string;
  readonly sizeBytes: number;
  readonly trackBytes: number;
  status: Status;
  suspension: LocalSuspension;
  task: LocalTask;
  /** Whether hosts may write to the mirror while it is split. */
  mirrorWritable: boolean;
  /** Counts the splits: identifies the moment that the mirror holds. */
  splitCount: number;
  /** Counts the restores from the mirror. */
  restoreCount: number;
  /** Where the pending bitmaps are on the metadata disk: updates of the volume, updates of the mirror, tracks to restore. */
  readonly bitmapOffsetBytes: number;
  readonly mirrorBitmapOffsetBytes: number;
  readonly restoreBitmapOffsetBytes: number;
}

export function encodeLocalPairEntry(writer: ByteWriter, entry: LocalPairEntry): void {
  writer.u32(entry.id).text(entry.name).text(entry.volume).text(entry.mirrorVolume);
  writer.u64(entry.sizeBytes).u32(entry.trackBytes);
  writer
    .u8(STATUSES.indexOf(entry.status))
    .u8(LOCAL_SUSPENSIONS.indexOf(entry.suspension))
    .u8(LOCAL_TASKS.indexOf(entry.task))
    .bool(entry.mirrorWritable)
    .u32(entry.splitCount)
    .u32(entry.restoreCount)
    .u64(entry.bitmapOffsetBytes)
    .u64(entry.mirrorBitmapOffsetBytes)
    .u64(entry.restoreBitmapOffsetBytes);
}

/** @throws CodecError */
export function decodeLocalPairEntry(reader: ByteReader): LocalPairEntry {
  return {
    copyType: "local",
    id: reader.u32(),
    name: reader.text(),
    volume: reader.text(),
    mirrorVolume: reader.text(),
    sizeBytes: reader.u64(),
    trackBytes: reader.u32(),
    status: reader.oneOf(STATUSES),
    suspension: reader.oneOf(LOCAL_SUSPENSIONS),
    task: reader.oneOf(LOCAL_TASKS),
    mirrorWritable: reader.bool(),
    splitCount: reader.u32(),
    restoreCount: reader.u32(),
    bitmapOffsetBytes: reader.u64(),
    mirrorBitmapOffsetBytes: reader.u64(),
    restoreBitmapOffsetBytes: reader.u64(),
  };
}
