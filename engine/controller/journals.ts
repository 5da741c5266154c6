import { EngineError } from "../errors.ts";
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
import type { JournalConfig } from "./config.ts";

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
    for (const { volume, log, base } of configs) {
      const parts = { volume: volumeOf(volume), log: volumeOf(log), base: volumeOf(base), runtime };
      journals.#journals.set(volume, await openJournal(parts));
    }
    return journals;
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
   * @param pairs the volume's remote mirrors
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
    const number = numberAt(journal, lsn);
    const asked = number === undefined ? [] : pairs.filter(({ live, entry }) => live && entry.status === "DUPLEX");
    try {
      const followers: Pair[] = [];
      // What hosts write after the command is after the moment.
      for (const pair of asked) pair.hold("recover");
      for (const pair of asked) if (number !== undefined && (await offer(pair, number))) followers.push(pair);
      const company: Company = number === undefined ? {} : { followers, number };
      const { ended } = await (method === "swap" ? recoverBySwap : recover)(journal, { lsn }, company);
      journal.parts.runtime.tasks.spawn(ended);
    } catch (error) {
      throw diskFailure(error, volume);
    } finally {
      for (const pair of asked) pair.release("recover");
    }
  }
}
