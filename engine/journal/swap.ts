import { EngineError } from "../errors.ts";
import { requireRestorable } from "../restore/restore.ts";
import type { Tap } from "../volume/tap.ts";
import type { Volume } from "../volume/volume.ts";
import type { Journal } from "./journal.ts";
import { type Company, lead, recover, type RecoveryPoint, requireBase } from "./recovery.ts";

/**
 * Takes a volume back to an earlier moment by exchanging it for its base (JR-6): the base is brought to
 * the moment, then one durable write exchanges the disks. That takes a time that does not depend on the
 * volume's size. In the background the old disk becomes the next base. Earlier moments are gone with it.
 *
 * Where that cannot be, the content is brought as by {@link recover}: the moment lies on a branch that was
 * left, or an image or a local mirror needs to hear of each track.
 * @throws EngineError, DiskError as {@link recover}
 */
export async function recoverBySwap(
  journal: Journal,
  to: RecoveryPoint,
  company: Company = {},
): Promise<{ readonly ended: Promise<void> }> {
  const { moments, parts, table } = journal;
  const { volume, runtime } = parts;
  requireBase(journal);
  const { told } = company;
  requireExchangeable(volume, told);
  const lsn = moments.resolve(to);
  if (!volume.taps.every((tap) => tap.allowsExchange) || !table.isOnWay(lsn)) return recover(journal, { lsn }, company);
  const pin = moments.pin(lsn);
  try {
    // What hosts write after the command is after the moment: so they wait, for as long as the log is large.
    const release = await volume.locks.drain();
    try {
      requireBase(journal);
      requireExchangeable(volume, told);
      await journal.fold.advanceTo(lsn);
      await journal.fold.exclusive(() => exchange(journal, lsn, company));
    } finally {
      release();
    }
  } finally {
    pin.release();
  }
  runtime.log.step("journal.swapped", { volume: volume.name, to: lsn, lsn: table.baseLsn });
  journal.onStale();
  return { ended: Promise.resolve() };
}

/** @throws EngineError RESTORE_RUNS, NO_ACCESS */
function requireExchangeable(volume: Volume, told: Tap | undefined): void {
  if (told === undefined) requireRestorable(volume);
  else volume.requireWhole("recover");
}

/** Nothing is under way, and nothing is folded. */
async function exchange(journal: Journal, lsn: number, company: Company): Promise<void> {
  const { management, moments, parts, table } = journal;
  const { volume } = parts;
  const { baseLsn, foldLsn } = management.state;
  if (baseLsn !== lsn || foldLsn !== lsn)
    throw new EngineError("JOURNAL_POINT", { volume: volume.name, asked: `lsn ${lsn}`, ...moments.window });
  await journal.settle();
  const changed = table.changed(lsn, table.newestLsn, volume.trackBytes, volume.trackCount);
  const taps = volume.taps.filter((tap) => tap !== company.told);
  let waits: readonly (Promise<void> | undefined)[];
  try {
    for (const tap of taps) await tap.prepareExchange(changed);
    await journal.exchange(changed);
    // All of them in the same step as the exchange.
    lead(company, "swap", []);
    waits = taps.map((tap) => tap.exchanged(changed));
  } finally {
    for (const tap of taps) tap.exchangeEnds();
  }
  moments.giveUp(table.baseLsn);
  for (const wait of waits) if (wait !== undefined) await wait;
}
