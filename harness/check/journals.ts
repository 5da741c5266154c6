import type { AdminCommand } from "../target/target.ts";
import type { CheckedDisk, CheckedJournal, LiveSystem } from "./checker.ts";
import type { DiskState } from "./disk-state.ts";
import type { Model } from "./model.ts";
import type { Moment } from "./moment.ts";

/** When the newest entry of a journal was this one, as far as it was seen. */
interface Sample {
  readonly lsn: number;
  readonly firstAt: number;
  lastAt: number;
}

/** A time that an administrator may go back to, on the clock of the system. */
interface Mark {
  readonly timeUs: number;
  readonly at: number;
  /** When it was surely over; -1 while it is not, infinite if it may be any moment. */
  overAt: number;
  readonly nowNs: number;
  /** The system itself said that the volume was this mixture then. */
  readonly mixture: Mixture | undefined;
}

/** Entries that were made while the volume was a mixture: after the one, before the other. */
interface Mixture {
  readonly afterLsn: number;
  beforeLsn: number;
  /** When the system was last seen to say so. */
  lastNs: number;
}

interface Followed {
  readonly disk: DiskState;
  readonly base: DiskState;
  samples: Sample[];
  readonly marks: Mark[];
  mixtures: Mixture[];
  /** The mixture that the volume is now. */
  mixture: Mixture | undefined;
}

type RecoverTo = Extract<AdminCommand, { readonly kind: "recover" }>["to"];

/** Entries of the same microsecond are told apart by nobody; a clock that drifts makes it two. */
const SAME_TIME_NS = 2000;
/** An entry that is under way when a moment gets its name may be older than it, though it is seen later. */
const UNDER_WAY_NS = 10_000_000;

/**
 * What the checker knows of journals: when which entry was the newest, so that an entry's number is a
 * moment; and on which disk a volume's content is, which a swap changes (JR-6).
 */
export class Journals {
  readonly #model: Model;
  readonly #followed: Followed[];
  readonly #onSwapped: (disk: DiskState, other: CheckedDisk) => void;
  /** By command: recoveries to what was a mixture. */
  readonly #toMixtures = new Map<number, DiskState>();

  /** @param onSwapped told after a volume's content is on another disk than `other` */
  constructor(
    model: Model,
    journals: readonly CheckedJournal[],
    onSwapped: (disk: DiskState, other: CheckedDisk) => void,
  ) {
    this.#model = model;
    this.#onSwapped = onSwapped;
    this.#followed = journals.map(({ volume, base }) => ({
      disk: model.disk(volume),
      base: model.disk(base),
      samples: [],
      marks: [],
      mixtures: [],
      mixture: undefined,
    }));
  }

  /** At every request and answer, and at every change of a disk before it is taken in. */
  observe(): void {
    if (this.#followed.length === 0) return;
    this.#model.tick();
    for (const followed of this.#followed) this.#look(followed);
  }

  #look(followed: Followed): void {
    const { disk, base, samples, marks } = followed;
    const { now, saidSince } = this.#model;
    const nowNs = this.#model.nowNs();
    for (let index = marks.length - 1; index >= 0; index--) {
      const mark = marks[index] as Mark;
      if (mark.overAt >= 0) break;
      if (nowNs > mark.nowNs + SAME_TIME_NS) mark.overAt = now;
    }
    const live = this.#model.live(disk.system);
    const report = live?.journals().find(({ volume }) => volume === disk.name);
    if (live === undefined || report === undefined) {
      followed.mixture = undefined;
      return;
    }
    lookForMixture(followed, live, report.newestLsn, nowNs);
    const last = samples.at(-1);
    // A restore from elsewhere is no entry by itself: the newest is still that of before, until something is brought.
    const isRestored = live.restores().some(({ volume, from }) => volume === disk.name && from !== "journal");
    if (last?.lsn === report.newestLsn) {
      if (!isRestored) last.lastAt = saidSince;
    } else {
      // A power loss took entries that nobody had been promised; their numbers are used again.
      while ((samples.at(-1)?.lsn ?? -1) > report.newestLsn) samples.pop();
      const same = samples.at(-1);
      if (same?.lsn === report.newestLsn) same.lastAt = saidSince;
      else samples.push({ lsn: report.newestLsn, firstAt: now, lastAt: saidSince });
    }
    if (`${disk.system}/${report.disk}` !== base.view.volume) return;
    this.#model.swap(disk, base);
    this.#onSwapped(disk, base.view);
  }

  /** An operator may ask for this moment of the volume later. */
  mark(disk: DiskState, timeUs: number): void {
    this.observe();
    const followed = this.#followed.find((one) => one.disk === disk);
    if (followed === undefined) return;
    const mixture = followed.mixture !== undefined && holds(followed.mixture) ? followed.mixture : undefined;
    // The time of a system that is down is its watch's. The journal counts from its start on, by milliseconds of the
    // watch, and goes on where an earlier one was ahead: which entries it will call earlier nobody knows.
    const isJournals = this.#model.live(disk.system) !== undefined;
    const window = isJournals ? { at: this.#model.saidSince, overAt: -1 } : { at: 0, overAt: Number.POSITIVE_INFINITY };
    followed.marks.push({ timeUs, ...window, nowNs: this.#model.nowNs(), mixture });
  }

  /**
   * A recovery is asked for. A moment at which the system itself called the volume's content no moment of any
   * history is none to go back to: no host ever saw it. {@link answered} judges.
   */
  issued(command: number, disk: DiskState, to: RecoverTo): void {
    const followed = this.#followed.find((one) => one.disk === disk);
    // Between two looks there may have been a moment that was one.
    if (followed === undefined || !this.#model.isInStep) return;
    const isMixture =
      "lsn" in to
        ? followed.mixtures.some(({ afterLsn, beforeLsn }) => to.lsn > afterLsn && to.lsn < beforeLsn)
        : followed.marks.some((mark) => mark.timeUs === to.timeUs && isInMixture(mark));
    if (isMixture) this.#toMixtures.set(command, disk);
  }

  /** @param accepted the recovery was carried out */
  answered(command: number, accepted: boolean): void {
    const disk = this.#toMixtures.get(command);
    if (disk === undefined || !this.#toMixtures.delete(command)) return;
    const { findings } = this.#model;
    findings.count("S");
    if (accepted)
      findings.fail("S", disk.volume, "a recovery to a mixture, which no host ever saw, was accepted", () => []);
  }

  /** The moment that a recovery of `disks` is to, by what was seen of `disk`; `undefined` if nobody saw it. */
  momentOf(disk: DiskState, to: RecoverTo, disks: readonly DiskState[] = [disk]): Moment | undefined {
    const followed = this.#followed.find((one) => one.disk === disk);
    if (followed === undefined) return undefined;
    const window =
      "timeUs" in to
        ? windowOfTime(followed.marks, to.timeUs)
        : disks.length > 1
          ? windowOfEntry(followed, to.lsn)
          : windowOfLsn(followed.samples, to.lsn);
    return window === undefined ? undefined : this.#model.moment(window.from, disks, window.to);
  }
}

/** Whether that went on for longer than an entry may have been under way: the last one ends it. */
function isInMixture({ mixture, nowNs }: Mark): boolean {
  return mixture !== undefined && mixture.lastNs > nowNs + UNDER_WAY_NS;
}

/** Whether anything of the other content is there. */
function holds({ afterLsn, beforeLsn }: Mixture): boolean {
  return beforeLsn > afterLsn + 1;
}

/** Entries that are made while one end of a mirror is called inconsistent, but the last, lead to no moment. */
function lookForMixture(followed: Followed, live: LiveSystem, newestLsn: number, nowNs: number): void {
  const { disk } = followed;
  // A power loss took entries; their numbers are used again.
  followed.mixtures = followed.mixtures.filter(({ afterLsn }) => afterLsn < newestLsn);
  for (const mixture of followed.mixtures) mixture.beforeLsn = Math.min(mixture.beforeLsn, newestLsn + 1);
  const isMixture = live
    .pairs()
    .some(({ volume, copyType, consistent }) => volume === disk.name && copyType !== "local" && !consistent);
  if (!isMixture) {
    followed.mixture = undefined;
    return;
  }
  if (followed.mixture === undefined) {
    followed.mixture = { afterLsn: newestLsn, beforeLsn: newestLsn, lastNs: nowNs };
    followed.mixtures.push(followed.mixture);
  }
  followed.mixture.beforeLsn = newestLsn;
  followed.mixture.lastNs = nowNs;
}

interface Window {
  readonly from: number;
  readonly to: number;
}

/** While the entry was the newest: nothing of the volume came before it was seen, or after the next. */
function windowOfLsn(samples: readonly Sample[], lsn: number): Window {
  const at = samples.findIndex((sample) => sample.lsn >= lsn);
  const sample = samples[at];
  if (sample === undefined) return { from: samples.at(-1)?.lastAt ?? 0, to: Number.POSITIVE_INFINITY };
  return { from: (sample.lsn === lsn ? sample : samples[at - 1])?.lastAt ?? 0, to: sample.firstAt };
}

/**
 * When the entry was made, at which other volumes of the group are wanted, too: they may have changed before it
 * was seen, when it was durable, and before the next. It is not older than the requests that were under way then.
 */
function windowOfEntry({ disk, samples }: Followed, lsn: number): Window {
  const before = samples.findLast((sample) => sample.lsn < lsn)?.lastAt ?? 0;
  const next = samples.find((sample) => sample.lsn > lsn);
  return { from: disk.versions.underWaySince(before, disk.index), to: next?.firstAt ?? Number.POSITIVE_INFINITY };
}

function windowOfTime(marks: readonly Mark[], timeUs: number) {
  const mark = marks.find((one) => one.timeUs === timeUs);
  if (mark === undefined) return undefined;
  return { from: mark.at, to: mark.overAt < 0 ? Number.POSITIVE_INFINITY : mark.overAt };
}
