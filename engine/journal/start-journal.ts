import { loadRecovery, resumeRecovery } from "./apply.ts";
import { makeBase, resumeBaseCopy } from "./base-copy.ts";
import { Journal, type JournalParts } from "./journal.ts";
import { replayJournal } from "./replay.ts";
import { recoverAsTold } from "./together.ts";

/**
 * Opens the journal of a volume, as a tap of it.
 * @throws EngineError META_CORRUPT, JOURNAL_TOO_SMALL, JOURNAL_MISFIT. @throws DiskError
 */
export async function openJournal(parts: JournalParts): Promise<Journal> {
  const { volume, log, base } = parts;
  const journal = await Journal.open(parts);
  log.reservedFor = `journal log of ${volume.name}`;
  base.reservedFor = `journal base of ${volume.name}`;
  volume.addTap(journal);
  volume.journal = {
    numberOf: (update) => journal.numberOf(update),
    recoverAsTold: (number, method, origin) => recoverAsTold(journal, number, method, origin),
    mark: (mixed) => journal.mark(mixed),
  };
  return journal;
}

/**
 * At a start, before hosts and other ends are there, and with all other taps in place: the volume is what its
 * journal says, then, and what a crash interrupted goes on. @throws DiskError
 */
export async function startJournal(journal: Journal): Promise<void> {
  const { tasks } = journal.parts.runtime;
  const baseCopy = await resumeBaseCopy(journal);
  const recovery = await loadRecovery(journal);
  // A restore from elsewhere goes on, too: what it is still to bring needs nothing from here.
  const brings = recovery?.copy ?? journal.parts.volume.rewriter;
  await replayJournal(journal, brings?.tracks.left);
  // What became of a mixture, or became one, when the power was lost. Not waited for: the log may be full.
  tasks.spawn(journal.mark());
  if (recovery !== undefined) tasks.spawn(resumeRecovery(journal, recovery));
  tasks.spawn(makeBase(journal, baseCopy));
  journal.fold.poke();
}
