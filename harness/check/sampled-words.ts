import type { PairReport, PendingView } from "../target/target.ts";
import type { CheckerConfig, LiveSystem, VolumeKey } from "./checker.ts";

/**
 * What systems say of themselves, for a judge who looks at disks now and then. They are asked before a look and after
 * it: what they said both times was so at the look. Of what changed meanwhile the judge is told the weaker.
 */
export class SampledWords {
  readonly #config: CheckerConfig;
  readonly #moment: () => number;
  readonly systems: readonly string[];
  /** By system: what the judge was told last of this incarnation. */
  readonly #last = new Map<string, LiveSystem>();

  constructor(config: CheckerConfig, moment: () => number) {
    this.#config = config;
    this.#moment = moment;
    this.systems = [...new Set(config.disks.map(({ volume }) => volume.slice(0, volume.indexOf("/"))))];
  }

  /**
   * It went down: what became of its volumes between its last word and that moment only its next word tells. A resync
   * that had begun to overwrite one, for example.
   */
  forget(system: string): void {
    this.#last.delete(system);
  }

  /** As it is now, for later. */
  now(system: string): LiveSystem | undefined {
    const live = this.#config.live(system);
    if (live === undefined) return undefined;
    const pairs = [...live.pairs()];
    const restores = live.restores().map((report) => {
      const disk = this.#config.disks.find(({ volume }) => volume === `${system}/${report.volume}`);
      const sizeBytes = disk?.sizeBytes ?? 0;
      return { ...report, left: frozen(report.left, sizeBytes), altered: frozen(report.altered, sizeBytes) };
    });
    return { ...this.#withMoments(live, pairs, restores), saidAt: this.#moment() };
  }

  /**
   * The disks of which nobody can say whose content they held at the look: between what was `said` before it and now two
   * volumes were exchanged, or may have been by a system that was down.
   */
  unknown(
    said: ReadonlyMap<string, LiveSystem | undefined>,
    mayBeDown: boolean,
  ): { readonly exchanged: boolean; readonly disks: ReadonlySet<VolumeKey> } {
    let exchanged = false;
    const disks = new Set<VolumeKey>();
    for (const { volume, base } of this.#config.journals ?? []) {
      const system = volume.slice(0, volume.indexOf("/"));
      const before = diskOf(volume, said.get(system));
      const now = diskOf(volume, this.#config.live(system));
      if (before !== "" && now !== "") exchanged ||= before !== now;
      else if (mayBeDown) for (const disk of [volume, base]) disks.add(disk);
    }
    return { exchanged, disks };
  }

  /** While changes are judged: what was said last; but who was overwritten since, or holds another moment, is so. */
  before(system: string, overwritten: ReadonlySet<VolumeKey>): LiveSystem | undefined {
    return this.#mixed(system, this.#last.get(system) ?? this.#asBefore(system), overwritten);
  }

  /** It has said nothing yet that was judged: nothing is over by what it says now. */
  #asBefore(system: string): LiveSystem | undefined {
    const word = this.now(system);
    return word && { ...word, saidAt: 0 };
  }

  /** After the changes: what was `said` before the look. */
  after(system: string, said: LiveSystem | undefined, overwritten: ReadonlySet<VolumeKey>): LiveSystem | undefined {
    return this.#told(system, this.#mixed(system, said, overwritten));
  }

  /**
   * While answers are judged. A system may have suspended a pair, and answered alone, before its word of that got
   * here: what it is not surely bound to is not asked of it. What is down says nothing.
   */
  least(system: string): LiveSystem | undefined {
    const live = this.#config.live(system);
    const word = this.#last.get(system);
    if (word === undefined || live === undefined) return undefined;
    const isInStep = (pair: string): boolean =>
      live.pairs().some((report) => report.pair === pair && report.status === "DUPLEX");
    const pairs = word.pairs().map((report) => {
      const isLate = report.role === "primary" && report.status === "DUPLEX" && !isInStep(report.pair);
      return isLate ? { ...report, status: "SPLIT" as const, suspension: "link" } : report;
    });
    return this.#told(system, { ...word, ...this.#withMoments(live, pairs, word.restores()) });
  }

  /** When a command is given, or a moment gets a name: what was told last, and which restores have begun since. */
  atCommand(system: string): LiveSystem | undefined {
    const live = this.#config.live(system);
    const word = this.#last.get(system);
    if (word === undefined || live === undefined) return undefined;
    const told = word.restores();
    const begun = live.restores().filter(({ volume }) => !told.some((report) => report.volume === volume));
    return { ...word, ...this.#withMoments(live, word.pairs(), [...told, ...begun]) };
  }

  #told(system: string, word: LiveSystem | undefined): LiveSystem | undefined {
    if (word !== undefined) this.#last.set(system, word);
    return word;
  }

  #mixed(system: string, word: LiveSystem | undefined, overwritten: ReadonlySet<VolumeKey>): LiveSystem | undefined {
    const live = this.#config.live(system);
    // What is down changes nothing, and says nothing.
    if (word === undefined || live === undefined) return undefined;
    const reports = live.pairs();
    const pairs = word.pairs().map((report) => {
      const sure = report.copyType === "local" ? surelyHeld(report, reports) : report;
      return overwritten.has(`${system}/${report.volume}`) ? { ...sure, consistent: false } : sure;
    });
    // A pair that was made since is not in the word, and may have begun to overwrite its secondary.
    const isNew = ({ pair, volume }: PairReport): boolean =>
      !word.pairs().some((report) => report.pair === pair && report.volume === volume);
    const made = reports.filter((report) => isNew(report) && overwritten.has(`${system}/${report.volume}`));
    const all = [...pairs, ...made.map((report) => ({ ...report, consistent: false }))];
    return { ...word, ...this.#withMoments(live, all, word.restores()) };
  }

  /** The moments of images and journal entries are looked for up to now, after what the disks held at the last look. */
  #withMoments(
    live: LiveSystem,
    pairs: readonly PairReport[],
    restores: ReturnType<LiveSystem["restores"]>,
  ): LiveSystem {
    const images = [...live.images()];
    const journals = [...live.journals()];
    return {
      pairs: () => pairs,
      pending: () => undefined,
      images: () => images,
      journals: () => journals,
      restores: () => restores,
    };
  }
}

/** The disk that has the content of a volume with a journal, by the word of its system; "" without one. */
function diskOf(key: VolumeKey, word: LiveSystem | undefined): string {
  return word?.journals().find(({ volume }) => key.endsWith(`/${volume}`))?.disk ?? "";
}

/** What a split mirror holds is known only while it holds one and the same moment. */
function surelyHeld(before: PairReport, reports: readonly PairReport[]): PairReport {
  const now = reports.find(({ pair, volume }) => pair === before.pair && volume === before.volume);
  if (now === undefined) return before;
  if (now.status === before.status && now.splitCount === before.splitCount) return before;
  return now.role === "secondary" && now.status === "SPLIT" ? { ...now, consistent: false } : now;
}

/** The tracks as they are now. */
function frozen({ trackBytes, has }: PendingView, sizeBytes: number): PendingView {
  const tracks = new Set<number>();
  for (let track = 0; track * trackBytes < sizeBytes; track++) if (has(track)) tracks.add(track);
  return { trackBytes, has: (track) => tracks.has(track) };
}
