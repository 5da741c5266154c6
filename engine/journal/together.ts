import { EngineError } from "../errors.ts";
import { NS_PER_MS } from "../ports/index.ts";
import type { Tap } from "../volume/tap.ts";
import type { ChangeNumber } from "../volume/update.ts";
import type { Journal } from "./journal.ts";
import { recover } from "./recovery.ts";
import { type RecoveryMethod, requireBase } from "./volume-recovery.ts";

/** A moment that was offered to the other end is kept for so long, if there is room. */
const OFFER_NS = 10_000 * NS_PER_MS;

/**
 * How two systems with journals call a moment: by the last change before it, which both have. `undefined` if
 * that is in the base already, or if it may be another moment at the other end: what a disk refused here, and nobody could
 * read back, was in the one journal and not in the other, and is in the moments from before.
 */
export function numberAt(journal: Journal, lsn: number): ChangeNumber | undefined {
  const entry = journal.unsure.isApart ? undefined : journal.table.lastChange(lsn);
  if (entry === undefined) return undefined;
  if (entry.peerLsn > 0) return { journalId: entry.peerJournalId, lsn: entry.peerLsn };
  return { journalId: journal.management.state.journalId, lsn: entry.lsn };
}

/** The moment that the other end calls so. @throws EngineError JOURNAL_POINT, JOURNAL_NOT_READY */
function momentOf(journal: Journal, number: ChangeNumber): number {
  const { management, moments, parts, table } = journal;
  requireBase(journal);
  const { journalId } = management.state;
  const { name } = parts.volume;
  const lsn = number.journalId === journalId ? number.lsn : table.ofPeer(number)?.lsn;
  if (lsn === undefined)
    throw new EngineError("JOURNAL_POINT", { volume: name, asked: `number ${number.lsn}`, ...moments.window });
  return moments.resolve({ lsn });
}

/** The other end is about to go back to this moment. @throws EngineError if this one cannot */
export function offerMoment(journal: Journal, number: ChangeNumber): void {
  const { moments, parts, unsure } = journal;
  parts.volume.requireWhole("recover");
  const lsn = momentOf(journal, number);
  if (unsure.isApart)
    throw new EngineError("JOURNAL_POINT", {
      volume: parts.volume.name,
      asked: `number ${number.lsn}`,
      ...moments.window,
    });
  const pin = moments.pin(lsn);
  parts.runtime.clock.after(OFFER_NS, () => pin.release());
}

/** Goes back because the other end did. Durable when it settles. @throws EngineError, DiskError */
export async function recoverAsTold(
  journal: Journal,
  number: ChangeNumber,
  method: RecoveryMethod,
  told: Tap,
): Promise<void> {
  const lsn = momentOf(journal, number);
  const { ended } = await recover(journal, lsn, method, { told, number });
  journal.parts.runtime.tasks.spawn(ended);
}
