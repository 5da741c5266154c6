import type { CheckedDisk, CheckedJournal } from "./checker.ts";
import type { DiskState } from "./disk-state.ts";
import type { Model } from "./model.ts";
import { Moment } from "./moment.ts";

/** When the newest entry of a journal was this one, as far as it was seen. */
interface Sample {
  readonly lsn: number;
  readonly firstAt: number;
  lastAt: number;
}

/** A time that an administrator may go back to, on the clock of the system. */
interface Mark {
  readonly timeNs: number;
  readonly at: number;
  /** When it was surely over; -1 while it is not. */
  overAt: number;
  readonly nowNs: number;
}

interface Followed {
  readonly disk: DiskState;
  readonly base: DiskState;
  samples: Sample[];
  readonly marks: Mark[];
}

/** Entries of the same nanosecond are told apart by nobody; a clock that drifts makes it two. */
const SAME_TIME_NS = 1000;

/**
 * What the checker knows of journals: when which entry was the newest, so that an entry's number is a
 * moment; and on which disk a volume's content is, which a swap changes (JR-6).
 */
export class Journals {
  readonly #model: Model;
  readonly #followed: Followed[];
  readonly #onSwapped: (disk: DiskState, other: CheckedDisk) => void;

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
    }));
  }

  /** At every request and answer, and at every change of a disk before it is taken in. */
  observe(): void {
    if (this.#followed.length === 0) return;
    this.#model.tick();
    for (const followed of this.#followed) this.#look(followed);
  }

  #look({ disk, base, samples, marks }: Followed): void {
    const { now } = this.#model;
    const nowNs = this.#model.nowNs();
    for (let index = marks.length - 1; index >= 0; index--) {
      const mark = marks[index] as Mark;
      if (mark.overAt >= 0) break;
      if (nowNs > mark.nowNs + SAME_TIME_NS) mark.overAt = now;
    }
    const live = this.#model.live(disk.system);
    const report = live?.journals().find(({ volume }) => volume === disk.name);
    if (live === undefined || report === undefined) return;
    const last = samples.at(-1);
    // A restore from elsewhere is no entry by itself: the newest is still that of before, until something is brought.
    const isRestored = live.restores().some(({ volume, from }) => volume === disk.name && from !== "journal");
    if (last?.lsn === report.newestLsn) {
      if (!isRestored) last.lastAt = now;
    } else {
      // A power loss took entries that nobody had been promised; their numbers are used again.
      while ((samples.at(-1)?.lsn ?? -1) > report.newestLsn) samples.pop();
      const same = samples.at(-1);
      if (same?.lsn === report.newestLsn) same.lastAt = now;
      else samples.push({ lsn: report.newestLsn, firstAt: now, lastAt: now });
    }
    if (`${disk.system}/${report.disk}` !== base.view.volume) return;
    this.#model.swap(disk, base);
    this.#onSwapped(disk, base.view);
  }

  /** An operator may ask for this moment of the volume later. */
  mark(disk: DiskState, timeNs: number): void {
    this.observe();
    const followed = this.#followed.find((one) => one.disk === disk);
    followed?.marks.push({ timeNs, at: this.#model.now, overAt: -1, nowNs: this.#model.nowNs() });
  }

  /** The moment that a recovery is to; `undefined` if nobody saw it. */
  momentOf(disk: DiskState, to: { readonly lsn: number } | { readonly timeNs: number }): Moment | undefined {
    const followed = this.#followed.find((one) => one.disk === disk);
    if (followed === undefined) return undefined;
    const window = "lsn" in to ? windowOfLsn(followed.samples, to.lsn) : windowOfTime(followed.marks, to.timeNs);
    return window === undefined ? undefined : new Moment(window.from, [disk], window.to);
  }
}

function windowOfLsn(samples: readonly Sample[], lsn: number): { readonly from: number; readonly to: number } {
  let from = 0;
  for (const sample of samples) {
    if (sample.lsn <= lsn) from = sample.lastAt;
    if (sample.lsn >= lsn) return { from, to: sample.firstAt };
  }
  return { from, to: Number.POSITIVE_INFINITY };
}

function windowOfTime(marks: readonly Mark[], timeNs: number) {
  const mark = marks.find((one) => one.timeNs === timeNs);
  if (mark === undefined) return undefined;
  return { from: mark.at, to: mark.overAt < 0 ? Number.POSITIVE_INFINITY : mark.overAt };
}
