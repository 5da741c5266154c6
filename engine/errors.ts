/** Every error that a caller of the engine can cause: code → what it tells. `docs/errors.md` has one heading a code. */
export interface EngineErrorContexts {
  VOLUME_UNKNOWN: { volume: string };
  PAIR_UNKNOWN: { pair: string };
  PAIR_EXISTS: { pair: string; volume: string };
  LINK_UNKNOWN: { link: string };
  /** The command needs the other end and it cannot be reached. */
  LINK_DOWN: { pair: string; command: string };
  /** The link was lost while the other end carried the command out: it may or may not have been done. */
  UNANSWERED: { pair: string; command: string };
  ILLEGAL_TRANSITION: { pair: string; command: string; status: string; suspension: string; expected: string };
  WRONG_ROLE: { pair: string; command: string; role: string };
  /** Both sides wrote by themselves; only an operator can say whose writes to discard. */
  DIVERGED: { pair: string; mine: string; theirs: string };
  /** The content is no moment of any history: a resync onto it has not finished, or a rollback lost its image. */
  NOT_CONSISTENT: { pair: string; command: string };
  /** A takeover while the primary is in reach would make two primaries. */
  PEER_ALIVE: { pair: string };
  /** Only one end was to forget a pair that the other one, which can be reached, still has. */
  PEER_HAS_PAIR: { pair: string };
  /** These two volumes cannot be a local mirror. */
  MIRROR_MISFIT: { pair: string; volume: string; mirrorVolume: string; why: string };
  /** A backup is of what both ends hold; this pair's ends differ. */
  NOT_DUPLEX: { pair: string; command: string; status: string; suspension: string };
  /** One backup is one moment in one stream. */
  NOT_ONE_LINK: { pair: string; link: string; other: string };
  /** The volume of this local mirror gets its data through none of the pairs of the backup. */
  NOT_FED: { mirror: string; volume: string };
  COMMAND_TOO_LARGE: { command: string; bytes: number; bytesMax: number };
  /** The other end refused the pair. */
  PEER_REFUSED: { pair: string; reason: string };
  /** The host has no access to the volume now. Of a write in pieces, those before may have been written. */
  NO_ACCESS: { volume: string; why: string };
  OUT_OF_RANGE: { volume: string; offsetBytes: number; lengthBytes: number; sizeBytes: number };
  UNALIGNED: { volume: string; offsetBytes: number; lengthBytes: number };
  /** Too many requests wait already. */
  BUSY: { volume: string; waiting: number };
  /** The device failed: the range may hold old or new. */
  DISK_FAILED: { volume: string; code: string };
  /** The command is for local mirrors only. */
  NOT_LOCAL: { pair: string; command: string };
  /** The volume is taking over other content; the command needs all of it. Also a second restore. */
  RESTORE_RUNS: { volume: string; command: string };
  /** Nothing is kept of the volume now, or what was kept had to be given up. */
  NO_IMAGE: { volume: string; why: string };
  IMAGE_AREA_TOO_SMALL: { volume: string; area: string; neededBytes: number; sizeBytes: number };
  /** The image method needs the journal of the volume. */
  IMAGE_NEEDS_JOURNAL: { volume: string };
  META_CORRUPT: { place: string; found: string; expected: string };
  /** The copy management table has a fixed size. */
  TABLE_FULL: { pairs: number; neededBytes: number; sizeBytes: number };
  META_TOO_SMALL: { neededBytes: number; sizeBytes: number };
  /** A file is to be restored that the backup does not have. */
  FILE_NOT_IN_BACKUP: { volume: string; path: string };
  /** A restore while a host still uses the production volume. */
  VOLUME_MOUNTED: { volume: string };
  /** The volume has no journal here. */
  JOURNAL_UNKNOWN: { volume: string };
  /** No journal here belongs to the group. */
  GROUP_UNKNOWN: { group: string };
  /** The log volume cannot hold two of the largest changes. */
  JOURNAL_TOO_SMALL: { volume: string; neededBytes: number; sizeBytes: number };
  /** The base is not of the volume's size, or the log volume holds another volume's journal. */
  JOURNAL_MISFIT: { volume: string; found: string; expected: string };
  /** The moment is outside of what can be recovered. */
  JOURNAL_POINT: {
    volume: string;
    asked: string;
    oldestLsn: number;
    newestLsn: number;
    oldestTimeUs: number;
    nowUs: number;
  };
  /** At the moment the volume was a mixture, of which no host saw; the nearest moments that it was not. */
  JOURNAL_MIXTURE: { volume: string; asked: string; beforeLsn: number | "none"; afterLsn: number | "none" };
  /** The base is still being made: nothing can be recovered yet. */
  JOURNAL_NOT_READY: { volume: string; base: string };
}

export type EngineErrorCode = keyof EngineErrorContexts;

const remedies: Readonly<Record<EngineErrorCode, string>> = {
  VOLUME_UNKNOWN: "use a volume of this system's configuration",
  PAIR_UNKNOWN: "create the pair first, or ask the system that has it",
  PAIR_EXISTS: "use the pair that is there, or another volume",
  LINK_UNKNOWN: "use a link of this system's configuration",
  LINK_DOWN: "restore the link and give the command again",
  UNANSWERED: "look at the pair once the link is back, and give the command again if it was not carried out",
  ILLEGAL_TRANSITION: "wait for the status that the command needs, or give the command that leads there",
  WRONG_ROLE: "give the command at the other end",
  DIVERGED: "resync with a direction: the target's own writes since the split are discarded",
  NOT_CONSISTENT: "let the resync finish, or resync with a direction, from the side that is consistent",
  PEER_ALIVE: "use failback to swap the roles, or cut the link first",
  PEER_HAS_PAIR: "delete the pair at both ends at once",
  MIRROR_MISFIT: "mirror onto another volume of the same size and track size that is used for nothing else",
  NOT_DUPLEX: "resynchronise the pair and give the command again when it is DUPLEX",
  NOT_ONE_LINK: "back up the pairs of each link by themselves",
  NOT_FED: "name the pair that writes to the mirror's volume, or leave the mirror out",
  COMMAND_TOO_LARGE: "name fewer things at once, or use shorter names",
  PEER_REFUSED: "mend what the other end complains of and create the pair again",
  NO_ACCESS: "use the volume of the primary, or split the pair read-write",
  OUT_OF_RANGE: "stay within the volume",
  UNALIGNED: "use multiples of 512 bytes, one at least",
  BUSY: "wait for requests to complete",
  DISK_FAILED: "mend or replace the device",
  NOT_LOCAL: "name a local mirror; a remote one is resynchronised in reverse",
  RESTORE_RUNS: "wait until the restore is through",
  NO_IMAGE: "wait for the next suspension; if the image was lost, give it a larger area",
  IMAGE_AREA_TOO_SMALL: "give the image a larger area",
  IMAGE_NEEDS_JOURNAL: "configure a journal for the volume, or another image method",
  META_CORRUPT: "restore the metadata device, or start with an empty one and create the pairs again",
  TABLE_FULL: "make the pair at another system, or use shorter names",
  FILE_NOT_IN_BACKUP: "name files that the backup holds, or restore from another generation",
  VOLUME_MOUNTED: "stop what uses the volume and dismount it",
  META_TOO_SMALL: "give the system a larger metadata device",
  JOURNAL_UNKNOWN: "give the volume a journal in the configuration, or ask the system that has one",
  GROUP_UNKNOWN: "name a group of the journals' configuration, or ask the system that has it",
  JOURNAL_TOO_SMALL: "give the journal a larger log volume",
  JOURNAL_MISFIT: "give the journal volumes of its own, the base of the volume's size",
  JOURNAL_POINT: "choose a moment in the window",
  JOURNAL_MIXTURE: "choose the moment before the restore or resync, or the one after it",
  JOURNAL_NOT_READY: "wait until the base is whole",
};

/** A refusal with its code, its context and what to do. Unless the code says otherwise, nothing changed. */
export class EngineError<C extends EngineErrorCode = EngineErrorCode> extends Error {
  readonly code: C;
  readonly context: EngineErrorContexts[C];
  readonly remedy: string;

  constructor(code: C, context: EngineErrorContexts[C]) {
    // What is "" is not there: a pair that is not suspended has no reason for it.
    const told = Object.entries(context).flatMap(([name, value]) => (value === "" ? [] : `${name}=${String(value)}`));
    super(`${code} ${told.join(" ")}: ${remedies[code]}`);
    this.name = "EngineError";
    this.code = code;
    this.context = context;
    this.remedy = remedies[code];
  }
}

/** Whether `text` is one of the codes. */
export function isEngineErrorCode(text: string): text is EngineErrorCode {
  return Object.hasOwn(remedies, text);
}
