import { assert } from "../assert.ts";
import { EngineError } from "../errors.ts";
import { JournalClock } from "../journal/journal-clock.ts";
import { completeGroup, momentsOf } from "../journal/group-recovery.ts";
import type { Journal } from "../journal/journal.ts";
import { recoverAll } from "../journal/recovery.ts";
import { openJournal, startJournal } from "../journal/start-journal.ts";
import { numberAt } from "../journal/together.ts";
import { type Company, type GoingBack, type RecoveryMethod, requireBase } from "../journal/volume-recovery.ts";
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
    const clocks = new Map<string, JournalClock>();
    for (const { volume, log, base, group = "" } of configs) {
      const clock = clocks.get(group) ?? new JournalClock(runtime.clock);
      if (group !== "") clocks.set(group, clock);
      const disks = { volume: volumeOf(volume), log: volumeOf(log), base: volumeOf(base) };
      journals.#journals.set(volume, await openJournal({ ...disks, group, clock, runtime }));
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
   * @throws EngineError JOURNAL_UNKNOWN, and as {@link recoverAll}
   */
  async recover(
    { volume, to, method }: CommandOf<"recover">,
    pairs: readonly Pair[],
    offer: (pair: Pair, number: ChangeNumber) => Promise<boolean>,
  ): Promise<void> {
    const journal = this.required(volume);
    requireBase(journal);
    return goBack([{ journal, lsn: journal.moments.resolve(to) }], method, pairs, offer);
  }

  /**
   * All volumes of a group, to one moment, all or none.
   * @param pairs all remote mirrors of the system. @param offer as in {@link recover}
   * @throws EngineError GROUP_UNKNOWN, and as {@link recoverAll}
   */
  async recoverGroup(
    { group, to, method }: CommandOf<"recover-group">,
    pairs: readonly Pair[],
    offer: (pair: Pair, number: ChangeNumber) => Promise<boolean>,
  ): Promise<void> {
    const journals = this.ofGroup(group);
    if (journals.length === 0) throw new EngineError("GROUP_UNKNOWN", { group });
    const lsns = momentsOf(journals, to);
    const places = journals.map((journal, index) => ({ journal, lsn: lsns[index] as number }));
    return goBack(places, method, pairs, offer);
  }
}

type Place = Pick<GoingBack, "journal" | "lsn">;

/** Settles when hosts see the moments. */
async function goBack(
  places: readonly Place[],
  method: RecoveryMethod,
  pairs: readonly Pair[],
  offer: (pair: Pair, number: ChangeNumber) => Promise<boolean>,
): Promise<void> {
  const [first] = places;
  assert(first !== undefined, "a recovery is of a volume");
  const { volume, runtime } = first.journal.parts;
  const named = places.map((place) => ({ ...place, ...mirrorsInStep(place, pairs) }));
  // Of all: what one volume gets after the command may follow from what is in another, however long other ends take.
  const releases = places.map(({ journal }) => journal.hosts.hold());
  try {
    const all: GoingBack[] = [];
    for (const { journal, lsn, ...asked } of named) all.push({ journal, lsn, company: await companyOf(asked, offer) });
    const { ended } = await recoverAll(all, method);
    runtime.tasks.spawn(ended);
  } catch (error) {
    throw diskFailure(error, volume.name);
  } finally {
    for (const release of releases) release();
  }
}

/** Who is asked to go back by itself. */
interface Asked {
  /** Of the moment, for other ends. Known from the beginning: while they are asked, it may leave the window. */
  readonly number: ChangeNumber | undefined;
  readonly asked: readonly Pair[];
}

/** The remote mirrors whose other end may be able to go back by itself (JR-5). */
function mirrorsInStep({ journal, lsn }: Place, pairs: readonly Pair[]): Asked {
  const number = numberAt(journal, lsn);
  if (number === undefined) return { number, asked: [] };
  const { volume } = journal.parts;
  const isInStep = (pair: Pair): boolean => pair.volume === volume && pair.live && pair.entry.status === "DUPLEX";
  return { number, asked: pairs.filter(isInStep) };
}

/** Asks the other ends whether they can. */
async function companyOf(
  { number, asked }: Asked,
  offer: (pair: Pair, number: ChangeNumber) => Promise<boolean>,
): Promise<Company> {
  if (number === undefined) return {};
  const followers: Pair[] = [];
  for (const pair of asked) if (await offer(pair, number)) followers.push(pair);
  return { followers, number };
}
