import { EngineError } from "../errors.ts";
import { GroupClock } from "../journal/group-clock.ts";
import { completeGroup, type GroupMember, momentsOf, recoverGroup } from "../journal/group-recovery.ts";
import type { Journal } from "../journal/journal.ts";
import { type Company, recover, requireBase } from "../journal/recovery.ts";
import { recoverBySwap } from "../journal/swap.ts";
import { openJournal, startJournal } from "../journal/start-journal.ts";
import { numberAt } from "../journal/together.ts";
import type { Pair } from "../mirror/pair.ts";
import type { Runtime } from "../runtime.ts";
import { diskFailure } from "../volume/disk-failure.ts";
import type { ChangeNumber } from "../volume/update.ts";
import type { Volume } from "../volume/volume.ts";
import type { CommandOf } from "./command.ts";
import { GROUP_VOLUMES_MAX, type JournalConfig } from "./config.ts";

/** The journals of a system, by volume: part of its shared control memory. */
export class Journals {
  readonly #journals = new Map<string, Journal>();

  /**
   * Opens them, as taps of their volumes: before anything else changes those.
   * @throws EngineError VOLUME_UNKNOWN, META_CORRUPT, JOURNAL_TOO_SMALL, JOURNAL_MISFIT. @throws DiskError
   */
  static async open(
    configs: readonly JournalConfig[],
    volumeOf: (name: string) => Volume,
    runtime: Runtime,
  ): Promise<Journals> {
    const journals = new Journals();
    const clocks = new Map<string, GroupClock>();
    for (const { volume, log, base, group = "" } of configs) {
      const parts = { volume: volumeOf(volume), log: volumeOf(log), base: volumeOf(base), runtime };
      if (group === "") {
        journals.#journals.set(volume, await openJournal(parts));
        continue;
      }
      const clock = clocks.get(group) ?? new GroupClock(() => runtime.clock.monotonicNs());
      clocks.set(group, clock);
      const journal = await openJournal({ ...parts, group, clock });
      clock.reached(journal.log.timeNs);
      journals.#journals.set(volume, journal);
      journals.#requireFewMembers(group, volume);
    }
    for (const journal of journals.all()) await completeGroup(journal, journals.all());
    return journals;
  }

  /** @throws EngineError JOURNAL_MISFIT */
  #requireFewMembers(group: string, volume: string): void {
    const found = this.ofGroup(group).length;
    if (found > GROUP_VOLUMES_MAX)
      throw new EngineError("JOURNAL_MISFIT", {
        volume,
        found: `volume ${found} of the group ${group}`,
        expected: `at most ${GROUP_VOLUMES_MAX} volumes`,
      });
  }

  /** The journals of a group, in the order of the configuration; none if there is no such group. */
  ofGroup(group: string): readonly Journal[] {
    return group === "" ? [] : this.all().filter(({ parts }) => parts.group === group);
  }

  /** Goes on where a crash left off, once the other taps are there. @throws DiskError */
  async start(): Promise<void> {
    for (const journal of this.#journals.values()) await startJournal(journal);
  }

  all(): readonly Journal[] {
    return [...this.#journals.values()];
  }

  get(volume: string): Journal | undefined {
    return this.#journals.get(volume);
  }

  /** @throws EngineError JOURNAL_UNKNOWN */
  required(volume: string): Journal {
    const journal = this.#journals.get(volume);
    if (journal === undefined) throw new EngineError("JOURNAL_UNKNOWN", { volume });
    return journal;
  }

  /**
   * @param pairs all remote mirrors of the system
   * @param offer asks the other end of one whether it can go back to the moment by itself (JR-5)
   * @throws EngineError JOURNAL_UNKNOWN, and as {@link recover}
   */
  async recover(
    { volume, to, method }: CommandOf<"recover">,
    pairs: readonly Pair[],
    offer: (pair: Pair, number: ChangeNumber) => Promise<boolean>,
  ): Promise<void> {
    const journal = this.required(volume);
    requireBase(journal);
    const lsn = journal.moments.resolve(to);
    const asked = mirrorsInStep(journal, lsn, pairs);
    // What hosts write after the command is after the moment, however long the other ends take to answer.
    const release = journal.hosts.hold();
    try {
      const company = await companyOf(journal, lsn, asked, offer);
      const { ended } = await (method === "swap" ? recoverBySwap : recover)(journal, { lsn }, company);
      journal.parts.runtime.tasks.spawn(ended);
    } catch (error) {
      throw diskFailure(error, volume);
    } finally {
      release();
    }
  }

  /**
   * All volumes of a group, to one moment, all or none.
   * @param pairs all remote mirrors of the system. @param offer as in {@link recover}
   * @throws EngineError GROUP_UNKNOWN, and as {@link recoverGroup}
   */
  async recoverGroup(
    { group, to, method }: CommandOf<"recover-group">,
    pairs: readonly Pair[],
    offer: (pair: Pair, number: ChangeNumber) => Promise<boolean>,
  ): Promise<void> {
    const journals = this.ofGroup(group);
    const [first] = journals;
    if (first === undefined) throw new EngineError("GROUP_UNKNOWN", { group });
    const lsns = momentsOf(journals, to);
    const places = journals.map((journal, index) => {
      const lsn = lsns[index] as number;
      return { journal, lsn, asked: mirrorsInStep(journal, lsn, pairs) };
    });
    // Of all: what one volume gets from here on may follow from what is in another.
    const releases = journals.map(({ hosts }) => hosts.hold());
    try {
      const members: GroupMember[] = [];
      for (const { journal, lsn, asked } of places)
        members.push({ journal, lsn, company: await companyOf(journal, lsn, asked, offer) });
      const { ended } = await recoverGroup(members, method);
      first.parts.runtime.tasks.spawn(ended);
    } catch (error) {
      throw diskFailure(error, first.parts.volume.name);
    } finally {
      for (const release of releases) release();
    }
  }
}

/** The remote mirrors whose other end may be able to go back by itself (JR-5). */
function mirrorsInStep(journal: Journal, lsn: number, pairs: readonly Pair[]): readonly Pair[] {
  if (numberAt(journal, lsn) === undefined) return [];
  const { volume } = journal.parts;
  return pairs.filter((pair) => pair.volume === volume && pair.live && pair.entry.status === "DUPLEX");
}

/** Asks the other ends whether they can. */
async function companyOf(
  journal: Journal,
  lsn: number,
  asked: readonly Pair[],
  offer: (pair: Pair, number: ChangeNumber) => Promise<boolean>,
): Promise<Company> {
  const number = numberAt(journal, lsn);
  if (number === undefined) return {};
  const followers: Pair[] = [];
  for (const pair of asked) if (await offer(pair, number)) followers.push(pair);
  return { followers, number };
}
