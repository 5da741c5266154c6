import { assert } from "../assert.ts";
import { Pair } from "../mirror/pair.ts";
import { CopyIn } from "../restore/copy-in.ts";
import { bringContent, resumeRestore } from "../restore/restore.ts";
import type { Bitmap } from "../volume/bitmap.ts";
import type { Tap } from "../volume/tap.ts";
import { allTracks, type TrackCopy } from "../volume/track-copy.ts";
import { journalTracks } from "./base-copy.ts";
import type { Journal } from "./journal.ts";
import { type GoingBack, VolumeRecovery } from "./volume-recovery.ts";

/** A volume that went back, while its content is brought. */
export interface RunningRecovery {
  /** Of the rewind: its number in the journal. */
  readonly lsn: number;
  readonly copy: CopyIn;
}

/**
 * Brings the content from the journal (JR-4). One record of it says so, durably, and from then on hosts see the
 * moment; the content is brought in the background and goes to the mirrors like a host's writes. So it needs
 * no room, and can be undone like any change.
 */
export class RecoveryByApply extends VolumeRecovery {
  readonly method = "apply";
  readonly #copy: CopyIn;

  constructor(going: GoingBack) {
    super(going);
    const { journal, company } = going;
    this.silent.push(journal);
    if (company.told !== undefined) this.silent.push(company.told);
    this.#copy = copyOf(journal, journalTracks(journal, "recovery"), () => this.lsn, this.silent);
  }

  /** Nobody else brings content into the volume from here on. */
  override enter(): void {
    super.enter();
    this.going.journal.parts.volume.rewriter = this.#copy;
  }

  protected override prepareContent(changed: Bitmap): Promise<void> {
    return this.#copy.tracks.begin(changed.indices());
  }

  protected override get lacking(): readonly Tap[] {
    return this.going.company.followers ?? [];
  }

  override async goBack(): Promise<void> {
    const { journal, lsn, company } = this.going;
    this.lsn = await journal.rewind(lsn, company.told && company.number);
  }

  override begin(): void {
    const { journal, lsn: to } = this.going;
    const { volume, runtime } = journal.parts;
    journal.recovery = { lsn: this.lsn, copy: this.#copy };
    runtime.log.step("journal.recover.begin", { volume: volume.name, to, lsn: this.lsn });
    volume.addTap(this.#copy);
    volume.rewriteBegins();
  }

  override leave(): void {
    super.leave();
    const { volume } = this.going.journal.parts;
    if (!this.isBack) volume.rewriter = undefined;
  }

  override run(): Promise<void> {
    const { journal } = this.going;
    const { volume, runtime } = journal.parts;
    return bringContent({ volume, copy: this.#copy, runtime }, { finished: () => finish(journal) });
  }
}

/** What is brought is what the journal says of now: also what hosts wrote since. @param lsn of the rewind */
function copyOf(journal: Journal, tracks: TrackCopy, lsn: () => number, silent: readonly Tap[]): CopyIn {
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

async function finish(journal: Journal): Promise<void> {
  const { management, parts, recovery } = journal;
  const { state } = management;
  state.finishedLsn = state.rewindLsn;
  await management.persist();
  assert(recovery !== undefined, "a recovery that ends was begun");
  journal.recovery = undefined;
  parts.runtime.log.step("journal.recover.done", { volume: parts.volume.name, lsn: recovery.lsn });
}

/** After a start: the recovery that a crash interrupted; {@link resumeRecovery} goes on with it. @throws DiskError */
export async function loadRecovery(journal: Journal): Promise<RunningRecovery | undefined> {
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
export function resumeRecovery(journal: Journal, recovery: RunningRecovery): Promise<void> {
  const { volume, runtime } = journal.parts;
  journal.recovery = recovery;
  return resumeRestore({ volume, copy: recovery.copy, runtime }, { finished: () => finish(journal) });
}
