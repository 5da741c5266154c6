import { type ByteReader, ByteWriter, CodecError } from "../wire/byte-codec.ts";
import { type Tracker, TRACKERS } from "./intent-store.ts";
import { ANCESTORS_MAX, type Generation, NO_GENERATION } from "./generation.ts";

export const ROLES = ["primary", "secondary"] as const;
export type Role = (typeof ROLES)[number];

/** BR-2. SIMPLEX is a volume without an entry. */
export const STATUSES = ["SIMPLEX", "COPY", "DUPLEX", "SPLIT"] as const;
export type Status = (typeof STATUSES)[number];

/** Why a pair is SPLIT. Only `operator` waits for a command; the others resync when the link is back. */
export const SUSPENSIONS = ["", "operator", "link", "crash", "error", "takeover", "swap"] as const;
export type Suspension = (typeof SUSPENSIONS)[number];

export const MODES = ["sync", "async"] as const;
export type Mode = (typeof MODES)[number];

/**
 * An operator's choice of the resync source, kept until the pair is DUPLEX or split again. It speaks of
 * the end that holds it, because roles may change before it is carried out.
 */
export const WISHES = ["", "from-here", "from-there"] as const;
export type Wish = (typeof WISHES)[number];

/** What each end tells the other of a pair, and the shared part of its durable entry. */
export interface PairState {
  role: Role;
  status: Status;
  suspension: Suspension;
  /** False while a resync overwrites this side, and if the image went in the middle of a rollback to it. */
  consistent: boolean;
  /** False until the initial copy has begun at the other end. */
  established: boolean;
  /** The history that this side's data belongs to. */
  current: Generation;
  /** Earlier histories since which this side's pending bitmap knows every change, newest first. */
  ancestors: Generation[];
  /** While inconsistent: the history of the source that overwrites this side; `NO_GENERATION` if none does. */
  copyFrom: Generation;
  wish: Wish;
  /** The other end's {@link takeover} when the wish was made: a wish is void after a later one. */
  wishAfter: Generation;
  /** The history that this side's last takeover began; `NO_GENERATION` without one. */
  takeover: Generation;
  /** Of a pair that an operator has split: hosts may write to the secondary. It is the primary's word. */
  secondaryWritable: boolean;
}

/** A remote mirror's entry of the copy management table (BR-1): durable. */
export interface PairEntry extends PairState {
  readonly copyType: "remote";
  readonly id: number;
  readonly name: string;
  readonly link: string;
  readonly volume: string;
  readonly peerVolume: string;
  readonly mode: Mode;
  /** How this end remembers updates (LS-3). */
  readonly tracker: Tracker;
  readonly sizeBytes: number;
  readonly trackBytes: number;
  /** The other end may hold `current`: this side must not write alone without a new one. */
  shared: boolean;
  /** No image of this end up to this moment is valid: it was given up, or is not needed any more. */
  imageVoid: number;
  /**
   * The volume is getting the content of its image. The image says so, too, and what is left; if that cannot be had,
   * the volume is a mixture.
   */
  rolling: boolean;
  /** What an image's device says is an old story: when the system started last, it could not be read or was not configured. */
  imageUnread: boolean;
  /** The image of this moment knows pending tracks that are not marked (SR-2); 0 for none. */
  imageTracks: number;
  /** Where the pending bitmap, or the log that stands for it, is on the metadata disk. */
  readonly bitmapOffsetBytes: number;
}

export function encodePairState(writer: ByteWriter, state: PairState): void {
  writer
    .u8(ROLES.indexOf(state.role))
    .u8(STATUSES.indexOf(state.status))
    .u8(SUSPENSIONS.indexOf(state.suspension))
    .bool(state.consistent)
    .bool(state.established)
    .text(state.current)
    .text(state.copyFrom)
    .u8(WISHES.indexOf(state.wish))
    .text(state.wishAfter)
    .text(state.takeover)
    .bool(state.secondaryWritable)
    .u8(state.ancestors.length);
  for (const ancestor of state.ancestors) writer.text(ancestor);
}

export function decodePairState(reader: ByteReader): PairState {
  const role = reader.oneOf(ROLES);
  const status = reader.oneOf(STATUSES);
  const suspension = reader.oneOf(SUSPENSIONS);
  const consistent = reader.bool();
  const established = reader.bool();
  const current = generation(reader);
  const copyFrom = generation(reader);
  const wish = reader.oneOf(WISHES);
  const wishAfter = generation(reader);
  const takeover = generation(reader);
  const secondaryWritable = reader.bool();
  const count = reader.u8();
  if (count > ANCESTORS_MAX) throw new CodecError(`expected at most ${ANCESTORS_MAX} ancestors, found ${count}`);
  const ancestors = Array.from({ length: count }, () => generation(reader));
  return {
    role,
    status,
    suspension,
    consistent,
    established,
    current,
    ancestors,
    copyFrom,
    wish,
    wishAfter,
    takeover,
    secondaryWritable,
  };
}

function generation(reader: ByteReader): Generation {
  const text = reader.text();
  if (!/^[0-9a-f]{16}$/.test(text))
    throw new CodecError(`expected a generation of 16 digits, found ${JSON.stringify(text)}`);
  return text as Generation;
}

const FLAG_SHARED = 1;
const FLAG_ROLLING = 2;
const FLAG_UNREAD = 4;

export function encodePairEntry(writer: ByteWriter, entry: PairEntry): void {
  writer.u32(entry.id).text(entry.name).text(entry.link).text(entry.volume).text(entry.peerVolume);
  writer.u8(MODES.indexOf(entry.mode)).u8(TRACKERS.indexOf(entry.tracker)).u64(entry.sizeBytes).u32(entry.trackBytes);
  const { shared, rolling, imageUnread } = entry;
  writer.u8((shared ? FLAG_SHARED : 0) | (rolling ? FLAG_ROLLING : 0) | (imageUnread ? FLAG_UNREAD : 0));
  writer.u32(entry.imageVoid).u32(entry.imageTracks);
  writer.u64(entry.bitmapOffsetBytes);
  encodePairState(writer, entry);
}

const utf8 = new TextEncoder();

/** The most bytes that the entry takes in the table, however long its history grows. Never throws. */
export function pairEntryBytesMax(entry: PairEntry): number {
  const writer = new ByteWriter(512);
  const ancestors = Array.from({ length: ANCESTORS_MAX }, () => NO_GENERATION);
  encodePairEntry(writer, { ...entry, name: "", link: "", volume: "", peerVolume: "", ancestors });
  const names = [entry.name, entry.link, entry.volume, entry.peerVolume];
  return names.reduce((sum, name) => sum + utf8.encode(name).length, writer.bytes().length);
}

export function decodePairEntry(reader: ByteReader): PairEntry {
  const named = {
    copyType: "remote",
    id: reader.u32(),
    name: reader.text(),
    link: reader.text(),
    volume: reader.text(),
    peerVolume: reader.text(),
    mode: reader.oneOf(MODES),
    tracker: reader.oneOf(TRACKERS),
    sizeBytes: reader.u64(),
    trackBytes: reader.u32(),
  } as const;
  const flags = reader.u8();
  if (flags > (FLAG_SHARED | FLAG_ROLLING | FLAG_UNREAD))
    throw new CodecError(`expected flags of a pair, found ${flags}`);
  return {
    ...named,
    shared: (flags & FLAG_SHARED) !== 0,
    rolling: (flags & FLAG_ROLLING) !== 0,
    imageUnread: (flags & FLAG_UNREAD) !== 0,
    imageVoid: reader.u32(),
    imageTracks: reader.u32(),
    bitmapOffsetBytes: reader.u64(),
    ...decodePairState(reader),
  };
}
