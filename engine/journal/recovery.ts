import { RecoveryByApply } from "./apply.ts";
import { GroupDecision } from "./group-recovery.ts";
import type { Journal } from "./journal.ts";
import { RecoveryBySwap } from "./swap.ts";
import {
  type Company,
  type GoingBack,
  type RecoveryMethod,
  requirePossible,
  type VolumeRecovery,
} from "./volume-recovery.ts";

/** Takes one volume back: {@link recoverAll}. @param lsn the moment is after this entry. @throws EngineError, DiskError */
export function recover(
  journal: Journal,
  lsn: number,
  method: RecoveryMethod,
  company: Company = {},
): Promise<{ readonly ended: Promise<void> }> {
  return recoverAll([{ journal, lsn, company }], method);
}

/**
 * Takes volumes back to earlier moments, all or none (JR-4, JR-6, JR-8): one durable write decides it. From the
 * command on their hosts wait, for as many durable writes as there are volumes, whatever their size. With `swap`,
 * a volume that cannot be exchanged for its base gets its content as by `apply`.
 * @returns `ended`: settles when everything is in place
 * @throws EngineError JOURNAL_NOT_READY, RESTORE_RUNS, NO_ACCESS, JOURNAL_POINT, JOURNAL_MIXTURE: nothing happened. @throws DiskError
 */
export async function recoverAll(
  all: readonly GoingBack[],
  method: RecoveryMethod,
): Promise<{ readonly ended: Promise<void> }> {
  const swaps = (one: GoingBack): boolean => method === "swap" && RecoveryBySwap.isPossible(one);
  for (const one of all) requirePossible(one);
  for (const one of all) if (!swaps(one)) await one.journal.rewindRoom();
  for (const one of all) requirePossible(one);
  const recoveries = all.map((one) => (swaps(one) ? new RecoveryBySwap(one) : new RecoveryByApply(one)));
  let isBack = false;
  for (const one of recoveries) one.enter();
  try {
    // All in one step, so that what hosts write from here on is behind the moment of every volume.
    const releases = await Promise.all(all.map(({ journal }) => journal.parts.volume.locks.drain()));
    try {
      // An image that was being fixed is there now, and would not hear of an exchange.
      if (recoveries.every((one) => one.method === "apply" || RecoveryBySwap.isPossible(one.going))) {
        for (const one of recoveries) await one.prepare();
        await goBack(recoveries);
        isBack = true;
      }
    } finally {
      for (const release of releases) release();
    }
  } finally {
    for (const one of recoveries) one.leave();
  }
  if (!isBack) return recoverAll(all, method);
  return { ended: Promise.all(recoveries.map((one) => one.run())).then(() => {}) };
}

async function goBack(recoveries: readonly VolumeRecovery[]): Promise<void> {
  // What one volume writes is all or nothing by itself.
  const decision = recoveries.length > 1 ? new GroupDecision(recoveries) : undefined;
  await decision?.decide();
  await Promise.all(recoveries.map((one) => one.goBack()));
  decision?.openBracket();
  for (const one of recoveries) one.begin();
  decision?.closeBracket();
  await Promise.all(recoveries.map((one) => one.followed()));
  await decision?.forget();
}
