import { assert } from "../assert.ts";
import { EngineError } from "../errors.ts";
import type { Pair } from "../mirror/pair.ts";
import type { Journal } from "./journal.ts";
import type { DecidedRecovery, ManagementTable } from "./management-table.ts";
import { requireBase, type VolumeRecovery } from "./volume-recovery.ts";

/** A moment of all volumes of a group: a time, or that after an entry of one of them. */
export type GroupPoint = { readonly timeUs: number } | { readonly volume: string; readonly lsn: number };

/**
 * The entry of each journal that the moment is after. The times of a group are one order ({@link JournalClock}).
 * @throws EngineError JOURNAL_NOT_READY, JOURNAL_POINT, JOURNAL_UNKNOWN
 */
export function momentsOf(journals: readonly Journal[], to: GroupPoint): number[] {
  for (const journal of journals) requireBase(journal);
  if ("timeUs" in to) return journals.map(({ moments }) => moments.resolve(to));
  const { volume, lsn } = to;
  const named = journals.find(({ parts }) => parts.volume.name === volume);
  if (named === undefined) throw new EngineError("JOURNAL_UNKNOWN", { volume });
  named.moments.resolve({ lsn });
  const { foldLsn, foldTimeUs } = named.management.state;
  const timeUs = lsn <= foldLsn ? foldTimeUs : named.table.entry(lsn).timeUs;
  return journals.map((journal) => {
    if (journal === named) return lsn;
    const { moments, table, parts } = journal;
    const { oldestTimeUs } = moments.window;
    if (timeUs >= oldestTimeUs) return moments.resolve({ lsn: table.atTime(timeUs) });
    throw new EngineError("JOURNAL_POINT", { volume: parts.volume.name, asked: `time ${timeUs}`, ...moments.window });
  });
}

/**
 * Makes the recoveries of several volumes one, all or none (JR-2): one write to the management table of the first
 * journal decides it. What is decided is carried out after a crash as well, before any host is served.
 *
 * Each remote mirror is told within a bracket: until every volume of the group is back there, too, none that
 * was touched is consistent, so nobody takes over a group of which some are back and some are not.
 */
export class GroupDecision {
  readonly #recoveries: readonly VolumeRecovery[];
  readonly #leader: Journal;
  #bracketed: readonly Pair[] = [];

  constructor(recoveries: readonly VolumeRecovery[]) {
    const [first] = recoveries;
    assert(first !== undefined, "a group has a volume");
    this.#recoveries = recoveries;
    this.#leader = first.going.journal;
  }

  /** Durable when it settles. */
  async decide(): Promise<void> {
    const { management, parts } = this.#leader;
    management.state.decided = this.#recoveries.map(decided);
    await management.persist();
    parts.runtime.log.step("journal.group.decided", { volume: parts.volume.name, volumes: this.#recoveries.length });
  }

  /** The mirrors that follow by themselves hear first that what comes is only whole when all of it is there. */
  openBracket(): void {
    const followers = this.#recoveries.flatMap(({ going }) => going.company.followers ?? []);
    this.#bracketed = followers.filter((pair) => pair.bracket("rewrite-begin"));
  }

  closeBracket(): void {
    for (const pair of this.#bracketed) pair.bracket("rewrite-done");
  }

  /** It is carried out. Durable when it settles. */
  forget(): Promise<void> {
    const { management } = this.#leader;
    for (const [index, { lsn }] of management.state.decided.entries())
      assert(lsn === this.#recoveries[index]?.lsn, "nothing comes before what was decided");
    return forget(management);
  }
}

function decided({ going: { journal, lsn: targetLsn }, method }: VolumeRecovery): DecidedRecovery {
  const { journalId } = journal.management.state;
  return { journalId, method, targetLsn, lsn: journal.table.newestLsn + 1 };
}

function forget(management: ManagementTable): Promise<void> {
  management.state.decided = [];
  return management.persist();
}

/**
 * At a start, before the journals are brought to what they say: what was decided of a group and not carried out
 * everywhere. @throws EngineError JOURNAL_MISFIT: a journal of the group is missing from the configuration
 */
export async function completeGroup(leader: Journal, journals: readonly Journal[]): Promise<void> {
  const { management, parts } = leader;
  const { decided } = management.state;
  if (decided.length === 0) return;
  for (const { journalId, method, targetLsn, lsn } of decided) {
    const journal = journals.find((one) => one.management.state.journalId === journalId);
    if (journal === undefined)
      throw new EngineError("JOURNAL_MISFIT", {
        volume: parts.volume.name,
        found: `a recovery of a group with journal ${journalId}`,
        expected: "the configuration of all journals of the group",
      });
    if (journal.table.newestLsn >= lsn) continue;
    if (method === "apply") await journal.rewind(targetLsn, undefined);
    else {
      await journal.exchangeDurably();
      journal.exchangeInMemory(undefined);
    }
    parts.runtime.log.step("journal.group.resumed", { volume: journal.parts.volume.name, to: targetLsn, lsn });
  }
  await forget(management);
}
