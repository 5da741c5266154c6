import { assert } from "../assert.ts";
import { EngineError } from "../errors.ts";
import { CopyIn } from "../restore/copy-in.ts";
import { beginRestore, requireRestorable, type RestoreOwner, resumeRestore } from "../restore/restore.ts";
import { Pair } from "../mirror/pair.ts";
import { Bitmap } from "../volume/bitmap.ts";
import type { Tap } from "../volume/tap.ts";
import type { ChangeNumber } from "../volume/update.ts";
import { allTracks, type TrackCopy } from "../volume/track-copy.ts";
import { journalTracks } from "./base-copy.ts";
import type { Journal } from "./journal.ts";

/** What an operator asks for: the moment after an entry, or a time. */
export type RecoveryPoint = { readonly lsn: number } | { readonly timeNs: number };

/** How a recovery is taken part in by other systems. */
export interface Company {
  /** The mirror through which the other end told this one to; it needs not hear of what is brought. */
  readonly told?: Tap;
  /** Mirrors whose other end recovers by itself (JR-5). */
  readonly followers?: readonly Pair[];
  /** The moment, as both ends call it; of a recovery that was told, too. */
  readonly number?: ChangeNumber;
}

/** Tells the mirrors how their other ends are to follow. @param silent gets those that were told */
export function lead({ followers = [], number }: Company, method: "apply" | "swap", silent: Tap[]): void {
  if (number === undefined) return;
  for (const pair of followers) pair.selfRecovery = { number, method, tracks: undefined, silent };
}

/** A volume that goes back to an earlier moment. */
export interface Recovery {
  /** Of the rewind: its number in the journal. */
  readonly lsn: number;
  readonly copy: CopyIn;
}

/**
 * Takes a volume back to an earlier moment (JR-4). One record of the journal says so, durably, and from then
 * on hosts see that moment; its content is brought from the journal in the background and goes to the
 * mirrors like a host's writes. So it needs no room, can be undone like any change, and a crash leaves
 * the volume before it or after it (JR-8).
 * @returns `ended`: settles when everything is in place
 * @throws EngineError JOURNAL_POINT, JOURNAL_MIXTURE, JOURNAL_NOT_READY, RESTORE_RUNS, NO_ACCESS. @throws DiskError
 */
export async function recover(
  journal: Journal,
  to: RecoveryPoint,
  company: Company = {},
): Promise<{ readonly ended: Promise<void> }> {
  const { volume, runtime } = journal.parts;
  requireBase(journal);
  volume.requireWhole("recover");
  journal.moments.resolve(to);
  await journal.rewindRoom();
  let targetLsn = 0;
  let rewindLsn = 0;
  const { told, followers = [] } = company;
  const silent: Tap[] = told === undefined ? [journal] : [journal, told];
  const copy = copyOf(journal, journalTracks(journal, "recovery"), () => rewindLsn, silent);
  lead(company, "apply", silent);
  let changed = new Bitmap(volume.trackCount);
  const owner: RestoreOwner = {
    // What the moment is, is settled only now.
    tracks: () => {
      requireBase(journal);
      targetLsn = journal.moments.resolve(to);
      journal.moments.hold(targetLsn);
      changed = journal.moments.changedSince(targetLsn);
      return changed.indices();
    },
    accept: async () => {
      // Nothing before the rewind is ever written in place again.
      await journal.settle();
      for (const pair of followers) await follow(pair, changed);
      rewindLsn = await journal.rewind(targetLsn, told && company.number);
      journal.management.state.rewindLsn = rewindLsn;
      journal.management.state.rewindTold = told !== undefined;
      journal.recovery = { lsn: rewindLsn, copy };
      runtime.log.step("journal.recover.begin", { volume: volume.name, to: targetLsn, lsn: rewindLsn });
    },
    finished: () => finish(journal),
  };
  try {
    // One that was told follows the other end, whatever hosts may do here.
    if (told === undefined) requireRestorable(volume);
    return await beginRestore({ volume, copy, runtime }, owner);
  } catch (error) {
    for (const pair of followers) pair.selfRecovery = undefined;
    throw error;
  } finally {
    for (const pair of followers) pair.exchangeEnds();
    journal.moments.hold(undefined);
  }
}

/** These tracks will differ from the other end's until it has followed. @throws DiskError */
export async function follow(pair: Pair, changed: Bitmap): Promise<void> {
  assert(pair.selfRecovery !== undefined, "a mirror that follows knows the moment");
  pair.selfRecovery.tracks = changed;
  await pair.prepareExchange(changed);
}

/** @throws EngineError JOURNAL_NOT_READY */
export function requireBase(journal: Journal): void {
  const { base } = journal.management.state;
  if (base !== "whole") throw new EngineError("JOURNAL_NOT_READY", { volume: journal.parts.volume.name, base });
}

/** What is brought is what the journal says of now: also what hosts wrote since. @param lsn of the rewind */
export function copyOf(journal: Journal, tracks: TrackCopy, lsn: () => number, silent: readonly Tap[]): CopyIn {
  const { volume, runtime } = journal.parts;
  return new CopyIn({
    volume,
    source: { read: (offsetBytes, lengthBytes) => journal.moments.readNewest(offsetBytes, lengthBytes) },
    tracks,
    runtime,
    name: volume.name,
    from: "journal",
    get id() {
      return lsn();
    },
    silent,
  });
}

export async function finish(journal: Journal): Promise<void> {
  const { management, parts, recovery } = journal;
  const { state } = management;
  state.finishedLsn = state.rewindLsn;
  await management.persist();
  assert(recovery !== undefined, "a recovery that ends was begun");
  journal.recovery = undefined;
  parts.runtime.log.step("journal.recover.done", { volume: parts.volume.name, lsn: recovery.lsn });
}

/** After a start: the recovery that a crash interrupted; {@link resumeRecovery} goes on with it. @throws DiskError */
export async function loadRecovery(journal: Journal): Promise<Recovery | undefined> {
  const { management, table, parts } = journal;
  const { state } = management;
  const rewind = table.newestRewind;
  if (rewind !== undefined) {
    state.rewindLsn = rewind.lsn;
    state.rewindTold = rewind.peerLsn > 0;
  }
  if (state.rewindLsn <= state.finishedLsn) return undefined;
  const tracks = journalTracks(journal, "recovery");
  if (!(await tracks.load())) {
    // To bring a track once more does no harm: the journal knows what hosts wrote to it.
    await tracks.begin(allTracks(parts.volume.trackCount));
  }
  const lsn = state.rewindLsn;
  // The mirror through which it was told has the content at its other end.
  const mirrors = parts.volume.taps.filter((tap) => tap instanceof Pair && tap.entry.role === "secondary");
  return { lsn, copy: copyOf(journal, tracks, () => lsn, state.rewindTold ? [journal, ...mirrors] : [journal]) };
}

/** @returns settles when everything is in place */
export function resumeRecovery(journal: Journal, recovery: Recovery): Promise<void> {
  const { volume, runtime } = journal.parts;
  journal.recovery = recovery;
  return resumeRestore({ volume, copy: recovery.copy, runtime }, { finished: () => finish(journal) });
}
