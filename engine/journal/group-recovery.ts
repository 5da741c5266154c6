import { assert } from "../assert.ts";
import { EngineError } from "../errors.ts";
import type { Pair } from "../mirror/pair.ts";
import type { CopyIn } from "../restore/copy-in.ts";
import { requireRestorable, runRestore } from "../restore/restore.ts";
import type { Bitmap } from "../volume/bitmap.ts";
import type { Tap } from "../volume/tap.ts";
import { journalTracks } from "./base-copy.ts";
import type { Journal } from "./journal.ts";
import type { JournalPin } from "./moments.ts";
import type { DecidedRecovery } from "./management-table.ts";
import { type Company, copyOf, finish, follow, lead, requireBase } from "./recovery.ts";

/** A moment of all volumes of a group: a time, or that after an entry of one of them. */
export type GroupPoint = { readonly timeNs: number } | { readonly volume: string; readonly lsn: number };

/** One volume of the group, and the moment that it goes back to. */
export interface GroupMember {
  readonly journal: Journal;
  readonly lsn: number;
  readonly company: Company;
}

/**
 * The entry of each journal that the moment is after. The times of a group are one order ({@link GroupClock}).
 * @throws EngineError JOURNAL_NOT_READY, JOURNAL_POINT, JOURNAL_UNKNOWN
 */
export function momentsOf(journals: readonly Journal[], to: GroupPoint): number[] {
  for (const journal of journals) requireBase(journal);
  if ("timeNs" in to) return journals.map(({ moments }) => moments.resolve(to));
  const { volume, lsn } = to;
  const named = journals.find(({ parts }) => parts.volume.name === volume);
  if (named === undefined) throw new EngineError("JOURNAL_UNKNOWN", { volume });
  named.moments.resolve({ lsn });
  const { foldLsn, foldTimeNs } = named.management.state;
  const timeNs = lsn <= foldLsn ? foldTimeNs : named.table.entry(lsn).timeNs;
  return journals.map((journal) => {
    if (journal === named) return lsn;
    const { moments, table, parts } = journal;
    const { oldestTimeNs } = moments.window;
    if (timeNs >= oldestTimeNs) return moments.resolve({ lsn: table.atTime(timeNs) });
    throw new EngineError("JOURNAL_POINT", { volume: parts.volume.name, asked: `time ${timeNs}`, ...moments.window });
  });
}

/**
 * Takes the volumes of a group back to one moment, all or none (JR-2, JR-4, JR-6): one write to the management
 * table of the first journal decides it. What is decided is carried out after a crash as well, before
 * any host is served. From the command on hosts of all volumes wait, for as many durable writes as there
 * are volumes, whatever their size. With `swap`, a volume that cannot be exchanged for its base gets its
 * content as by `apply`.
 *
 * Each remote mirror is told within a bracket: until every volume of the group is back there, too, none that
 * was touched is consistent, so nobody takes over a group of which some are back and some are not.
 * @returns `ended`: settles when everything is in place
 * @throws EngineError RESTORE_RUNS, NO_ACCESS, JOURNAL_POINT, JOURNAL_NOT_READY: none of them has changed. @throws DiskError
 */
export async function recoverGroup(
  members: readonly GroupMember[],
  method: "apply" | "swap",
): Promise<{ readonly ended: Promise<void> }> {
  for (const { journal } of members) requireMember(journal);
  for (const { journal } of members) await journal.rewindRoom();
  for (const { journal } of members) requireMember(journal);
  const recoveries = members.map((member) => new MemberRecovery(member, method));
  const [first] = recoveries;
  assert(first !== undefined, "a group has a volume");
  try {
    for (const one of recoveries) one.enter();
    // All in one step, so that what hosts write from here on is behind the moment of every volume.
    const releases = await Promise.all(members.map(({ journal }) => journal.parts.volume.locks.drain()));
    try {
      for (const one of recoveries) await one.prepare();
      const swaps = recoveries.filter(({ isSwap }) => isSwap);
      await exclusively(swaps, () => carryOut(recoveries, first.member.journal));
    } finally {
      for (const release of releases) release();
    }
  } finally {
    for (const one of recoveries) one.release();
  }
  return { ended: Promise.all(recoveries.map((one) => one.run())).then(() => {}) };
}

/** @throws EngineError JOURNAL_NOT_READY, RESTORE_RUNS, NO_ACCESS */
function requireMember(journal: Journal): void {
  requireBase(journal);
  requireRestorable(journal.parts.volume);
}

/** `work` while nothing is folded in any of these journals. */
function exclusively(recoveries: readonly MemberRecovery[], work: () => Promise<void>): Promise<void> {
  const [first, ...others] = recoveries;
  if (first === undefined) return work();
  return first.member.journal.fold.exclusive(() => exclusively(others, work));
}

async function carryOut(recoveries: readonly MemberRecovery[], leader: Journal): Promise<void> {
  const { management, parts } = leader;
  for (const one of recoveries) one.requireReached();
  management.state.decided = recoveries.map((one) => one.decision());
  await management.persist();
  parts.runtime.log.step("journal.group.decided", { volume: parts.volume.name, volumes: recoveries.length });
  await Promise.all(recoveries.map((one) => one.makeDurable()));
  for (const one of recoveries) one.open();
  for (const one of recoveries) one.begin();
  for (const one of recoveries) one.close();
  await Promise.all(recoveries.map((one) => one.told()));
  management.state.decided = [];
  await management.persist();
}

/** What one volume does. The steps are taken by all volumes of the group together. */
class MemberRecovery {
  readonly member: GroupMember;
  readonly isSwap: boolean;
  readonly #silent: Tap[];
  #pin: JournalPin | undefined;
  #copy: CopyIn | undefined;
  #changed: Bitmap | undefined;
  #lsn = 0;
  #waits: readonly (Promise<void> | undefined)[] = [];
  #bracketed: readonly Pair[] = [];
  #isDecided = false;

  constructor(member: GroupMember, method: "apply" | "swap") {
    this.member = member;
    const { journal, lsn } = member;
    const { volume } = journal.parts;
    this.isSwap = method === "swap" && volume.taps.every((tap) => tap.allowsExchange) && journal.table.isOnWay(lsn);
    this.#silent = this.isSwap ? [] : [journal];
  }

  /** From here on the moment is kept, and nobody else brings content into the volume. @throws EngineError JOURNAL_POINT */
  enter(): void {
    const { journal, lsn } = this.member;
    const { volume } = journal.parts;
    this.#pin = journal.moments.pin(lsn);
    if (this.isSwap) return;
    this.#copy = copyOf(journal, journalTracks(journal, "recovery"), () => this.#lsn, this.#silent);
    volume.rewriter = this.#copy;
  }

  /** Nothing is under way. @throws EngineError. @throws DiskError */
  async prepare(): Promise<void> {
    const { journal, lsn, company } = this.member;
    const { volume } = journal.parts;
    const { followers = [] } = company;
    requireBase(journal);
    lead(company, this.isSwap ? "swap" : "apply", this.#silent);
    if (this.#copy === undefined) {
      requireRestorable(volume);
      await journal.fold.advanceTo(lsn);
      await journal.settle();
      this.#changed = journal.table.changed(lsn, journal.table.newestLsn, volume.trackBytes, volume.trackCount);
      for (const tap of volume.taps) await tap.prepareExchange(this.#changed);
      return;
    }
    journal.moments.hold(lsn);
    this.#changed = journal.moments.changedSince(lsn);
    await this.#copy.tracks.begin(this.#changed.indices());
    // Nothing before the rewind is ever written in place again.
    await journal.settle();
    for (const pair of followers) await follow(pair, this.#changed);
  }

  /** A swap: the base holds the moment. @throws EngineError JOURNAL_POINT */
  requireReached(): void {
    const { journal, lsn } = this.member;
    const { baseLsn, foldLsn } = journal.management.state;
    if (!this.isSwap || (baseLsn === lsn && foldLsn === lsn)) return;
    const { name } = journal.parts.volume;
    throw new EngineError("JOURNAL_POINT", { volume: name, asked: `lsn ${lsn}`, ...journal.moments.window });
  }

  decision(): DecidedRecovery {
    const { journal, lsn: targetLsn } = this.member;
    this.#lsn = journal.table.newestLsn + 1;
    this.#isDecided = true;
    const { journalId } = journal.management.state;
    return { journalId, method: this.isSwap ? "swap" : "apply", targetLsn, lsn: this.#lsn };
  }

  async makeDurable(): Promise<void> {
    const { journal, lsn } = this.member;
    if (this.isSwap) await journal.exchangeDurably();
    else await rewind(journal, lsn);
    const { baseLsn, rewindLsn } = journal.management.state;
    assert(this.#lsn === (this.isSwap ? baseLsn : rewindLsn), "nothing comes before what was decided");
  }

  /** The mirrors that follow by themselves hear first that what comes is only whole when all of it is there. */
  open(): void {
    const { followers = [] } = this.member.company;
    this.#bracketed = followers.filter((pair) => pair.bracket("rewrite-begin"));
  }

  begin(): void {
    const { journal, company, lsn } = this.member;
    const { volume, runtime } = journal.parts;
    const changed = this.#changed;
    assert(changed !== undefined, "what differs is known before it is decided");
    if (this.#copy === undefined) {
      journal.exchangeInMemory(changed);
      this.#waits = volume.taps.map((tap) => tap.exchanged(changed));
      journal.moments.giveUp(journal.table.baseLsn);
      runtime.log.step("journal.swapped", { volume: volume.name, to: lsn, lsn: this.#lsn });
      return;
    }
    assert(company.told === undefined, "a group goes back by itself");
    journal.recovery = { lsn: this.#lsn, copy: this.#copy };
    volume.addTap(this.#copy);
    volume.rewriteBegins();
    runtime.log.step("journal.recover.begin", { volume: volume.name, to: lsn, lsn: this.#lsn });
  }

  close(): void {
    // One that could not be told gets what is brought, and hears of the end of that.
    for (const pair of this.#bracketed) if (this.#silent.includes(pair)) pair.bracket("rewrite-done");
  }

  /** Settles when the mirrors have what the answer to the operator waits for. */
  async told(): Promise<void> {
    for (const wait of this.#waits) if (wait !== undefined) await wait;
  }

  /** It is under way, or refused. */
  release(): void {
    const { journal, company } = this.member;
    const { volume } = journal.parts;
    this.#pin?.release();
    if (!this.isSwap) journal.moments.hold(undefined);
    for (const tap of volume.taps) tap.exchangeEnds();
    if (this.#isDecided) return;
    for (const pair of company.followers ?? []) pair.selfRecovery = undefined;
    if (this.#copy !== undefined) volume.rewriter = undefined;
  }

  async run(): Promise<void> {
    const { journal } = this.member;
    const { volume, runtime } = journal.parts;
    if (this.#copy === undefined) return journal.onStale();
    await runRestore({ volume, copy: this.#copy, runtime }, { finished: () => finish(journal) });
  }
}

/** Durable when it settles. */
async function rewind(journal: Journal, targetLsn: number): Promise<void> {
  const { state } = journal.management;
  state.rewindLsn = await journal.rewind(targetLsn, undefined);
  state.rewindTold = false;
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
    if (method === "swap") await journal.exchange(undefined);
    else await rewind(journal, targetLsn);
    parts.runtime.log.step("journal.group.resumed", { volume: journal.parts.volume.name, to: targetLsn, lsn });
  }
  management.state.decided = [];
  await management.persist();
}
