import type { Image } from "../image/image.ts";
import type { ImageMethod } from "../image/image-head.ts";
import type { Journal } from "../journal/journal.ts";
import type { LagReport } from "../mirror/lag.ts";
import type { LocalPair } from "../mirror/local-pair.ts";
import { NO_CHANGES } from "../mirror/outbox.ts";
import type { Pair } from "../mirror/pair.ts";
import type { Role, Status } from "../mirror/pair-entry.ts";
import type { PendingTracks } from "../mirror/pending-tracks.ts";
import type { CopyIn } from "../restore/copy-in.ts";
import type { Bitmap } from "../volume/bitmap.ts";
import type { Access, Volume } from "../volume/volume.ts";

// What a system tells of itself: plain data, one snapshot at a time, the same for everybody who asks.

/** A set of tracks of a volume; it changes as the volume does. */
export interface TrackView {
  readonly trackBytes: number;
  has(trackIndex: number): boolean;
  /** Its tracks from `from` on, ascending. Do not wait between two of them. */
  indices(from: number): Iterable<number>;
}

export interface PairReport {
  readonly pair: string;
  /** `remote` without. Both ends of a local mirror are reported by the one system, by volume. */
  readonly copyType?: "remote" | "local";
  readonly volume: string;
  readonly role: Role;
  /** BR-2. */
  readonly status: Status;
  /** Why it is SPLIT: `operator`, `link`, `crash`, `error`, `takeover`, `diverged`, `not_consistent`; "" otherwise. */
  readonly suspension: string;
  /** False on the side being overwritten by a resync, and on one that lost its image in the middle of a rollback: no moment of any history. */
  readonly consistent: boolean;
  readonly connected: boolean;
  /** Identifies the data history, for people. */
  readonly generation: string;
  readonly pendingTracks: number;
  /** Tracks copied and to copy of the resync that runs; `undefined` if none runs from this side. */
  readonly progress?: { readonly done: number; readonly total: number };
  /** Of a local mirror: identifies the moment that its secondary holds; grows with every backup. 0 for none. */
  readonly splitCount?: number;
}

export interface ImageReport {
  readonly volume: string;
  readonly method: ImageMethod;
  /** `fixed`: it can be read. `lost`: its space ran out, and it was given up. */
  readonly state: "none" | "fixed" | "lost";
  /** Identifies the moment that the image holds; grows with every one. 0 for none. */
  readonly moment: number;
}

export interface JournalReport {
  readonly volume: string;
  /** The disk that holds the volume's content now; changes with a swap. */
  readonly disk: string;
  readonly state: "logging" | "recovering" | "stopped";
  /** Moments that can be recovered: the state after the entry with this number, from `oldestLsn` on. */
  readonly oldestLsn: number;
  readonly newestLsn: number;
  /** Microseconds since 1970, as the journal counts: of the oldest of them, and now. */
  readonly oldestTimeUs: number;
  readonly nowUs: number;
}

/** A volume that is taking over other content; a host sees that content already. */
export interface RestoreReport {
  readonly volume: string;
  readonly from: "mirror" | "image" | "journal";
  /** Tells the restores of the volume from a mirror, or from an image, or from its journal, apart. */
  readonly id: number;
  readonly doneTracks: number;
  readonly totalTracks: number;
  /** Tracks whose content has not been brought yet. */
  readonly left: TrackView;
  /** Tracks that hosts changed since the command (CR-5). */
  readonly altered: TrackView;
}

export interface VolumeReport {
  readonly volume: string;
  readonly sizeBytes: number;
  readonly trackBytes: number;
  /** What a host may do now. */
  readonly access: Access;
  /** What the system keeps on it, instead of a host's data; "" for a volume of theirs. */
  readonly reservedFor: string;
}

export interface LinkReport {
  readonly link: string;
  readonly peer: string;
  readonly role: "dial" | "listen";
  readonly up: boolean;
  /** Of frames, since the start of the system. */
  readonly sentBytes: number;
  readonly receivedBytes: number;
}

export function volumeReport(volume: Volume): VolumeReport {
  const { name, sizeBytes, trackBytes, reservedFor } = volume;
  return { volume: name, sizeBytes, trackBytes, access: volume.access(), reservedFor };
}

export function pairReport(pair: Pair): PairReport {
  const { entry, progress } = pair;
  const report = {
    pair: entry.name,
    volume: entry.volume,
    role: entry.role,
    status: entry.status,
    suspension: entry.status === "SPLIT" && pair.refusal !== "" ? pair.refusal.toLowerCase() : entry.suspension,
    consistent: entry.consistent,
    connected: pair.connection !== undefined,
    generation: entry.current,
    pendingTracks: pair.pending.count,
  };
  return progress === undefined ? report : { ...report, progress: { ...progress } };
}

/** One system has both volumes of a local mirror, so it reports both. */
export function localPairReports(pair: LocalPair): readonly [primary: PairReport, mirror: PairReport] {
  const { entry, mirrorConsistent, completion, progress } = pair;
  const completing =
    completion === undefined ? {} : { progress: { done: completion.tracks.done, total: completion.tracks.total } };
  const common = {
    pair: entry.name,
    copyType: "local" as const,
    status: entry.status,
    suspension: entry.suspension,
    connected: true,
    generation: "",
    splitCount: entry.splitCount,
  };
  return [
    {
      ...common,
      volume: entry.volume,
      role: "primary",
      consistent: true,
      pendingTracks: pair.pending.count,
      ...(progress === undefined ? {} : { progress: { ...progress } }),
    },
    {
      ...common,
      volume: entry.mirrorVolume,
      role: "secondary",
      // Until it is completed its disk is no moment, though what a host reads is.
      consistent: mirrorConsistent && entry.task !== "completing",
      pendingTracks: pair.mirrorSide.dirty.count,
      ...completing,
    },
  ];
}

/** How far the other end is behind; of an end that sends nothing, 0. */
export function pairLag(pair: Pair): LagReport {
  const underWay = pair.connection?.outbox.unappliedOf(pair.entry.id) ?? NO_CHANGES;
  return pair.lag.report(pair.runtime.clock.monotonicNs(), underWay);
}

/** Tracks that the other side may lack, as this side knows: pending or on their way. */
export function pendingView({ pending, volume }: Pair): TrackView {
  return new PendingView(volume.trackBytes, pending);
}

class PendingView implements TrackView {
  readonly trackBytes: number;
  readonly #pending: PendingTracks;

  constructor(trackBytes: number, pending: PendingTracks) {
    this.trackBytes = trackBytes;
    this.#pending = pending;
  }

  has(trackIndex: number): boolean {
    return this.#pending.has(trackIndex);
  }

  indices(from: number): Iterable<number> {
    return this.#pending.indices(from);
  }
}

/** Tracks in which the volumes of a local mirror may differ. */
export function localPendingView(pair: LocalPair): TrackView {
  const { trackBytes } = pair.volume;
  return { trackBytes, has: (trackIndex) => pair.mayDiffer(trackIndex), indices: (from) => pair.differing(from) };
}

function viewOf(trackBytes: number, tracks: Bitmap): TrackView {
  return { trackBytes, has: (trackIndex) => tracks.has(trackIndex), indices: (from) => tracks.indices(from) };
}

export function imageReport({ volume, method, state, moment }: Image): ImageReport {
  return { volume: volume.name, method, state, moment };
}

export function journalReport(journal: Journal): JournalReport {
  const { volume, base } = journal.parts;
  const logging = journal.recovery === undefined ? "logging" : "recovering";
  // Until the base is whole there is nothing to recover.
  return {
    volume: volume.name,
    disk: journal.isExchanged ? base.name : volume.name,
    state: journal.moments.isRecoverable ? logging : "stopped",
    ...journal.moments.window,
  };
}

export function restoreReport({ volume, from, id, tracks, altered }: CopyIn): RestoreReport {
  const { name, trackBytes } = volume;
  return {
    volume: name,
    from,
    id,
    doneTracks: tracks.done,
    totalTracks: tracks.total,
    left: viewOf(trackBytes, tracks.left),
    altered: viewOf(trackBytes, altered),
  };
}
