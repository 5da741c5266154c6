import { NS_PER_MS } from "../ports/index.ts";
import { FakeClock } from "../testing/fake-clock.node.ts";
import { FakeDisk, type WriteFate } from "../testing/fake-disk.ts";
import { type TestRuntime, testRuntime } from "../testing/test-runtime.node.ts";
import { Volume } from "../volume/volume.ts";
import type { Journal } from "./journal.ts";
import { logBytesMin } from "./log-layout.ts";
import { openJournal, startJournal } from "./start-journal.ts";
import { JournalClock } from "./journal-clock.ts";

export const TRACK_BYTES = 1024;
/** The last track is half a one. */
export const VOLUME_BYTES = 15 * TRACK_BYTES + 512;

/** The disks of a volume with a journal, which lose power together. */
export class RigDisks {
  readonly volume: FakeDisk;
  readonly log: FakeDisk;
  readonly base: FakeDisk;
  writes = 0;
  /** Power was lost: nothing that is asked of them settles any more. */
  lost = false;

  constructor(volume: FakeDisk, log: FakeDisk, base: FakeDisk) {
    this.volume = volume;
    this.log = log;
    this.base = base;
  }

  static fresh(spareLogBytes: number): RigDisks {
    const volume = new Volume("v", new FakeDisk(VOLUME_BYTES), TRACK_BYTES, testRuntime());
    const logBytes = logBytesMin(volume) + spareLogBytes;
    return new RigDisks(new FakeDisk(VOLUME_BYTES), new FakeDisk(logBytes), new FakeDisk(VOLUME_BYTES));
  }

  get all(): readonly FakeDisk[] {
    return [this.volume, this.log, this.base];
  }

  /** Power is lost at the write with that number, of which `keeps` says what survives. */
  loseAt(index: number, keeps: (sector: number) => boolean, lost: () => void): void {
    this.decide((write) => (write === index ? { crashes: keeps } : "done"), lost);
  }

  decide(fateOf: (write: number) => WriteFate, lost: () => void = () => {}): void {
    for (const disk of this.all)
      disk.decide = () => {
        const fate = fateOf(this.writes++);
        if (typeof fate === "object" && "crashes" in fate) {
          for (const other of this.all) if (other !== disk) other.afterCrash();
          this.lost = true;
          lost();
        }
        return fate;
      };
  }

  afterCrash(): RigDisks {
    return new RigDisks(this.volume.afterCrash(), this.log.afterCrash(), this.base.afterCrash());
  }
}

/** A volume with a journal, from a start on. */
export class Rig {
  readonly disks: RigDisks;
  readonly runtime: TestRuntime;
  readonly volume: Volume;
  readonly journal: Journal;

  private constructor(disks: RigDisks, runtime: TestRuntime, volume: Volume, journal: Journal) {
    this.disks = disks;
    this.runtime = runtime;
    this.volume = volume;
    this.journal = journal;
  }

  /** @param before what else is there of the volume, before the journal brings it to what it was */
  static async start(
    disks: RigDisks,
    before: (volume: Volume, runtime: TestRuntime) => Promise<void> = async () => {},
  ): Promise<Rig> {
    const runtime = testRuntime(new FakeClock());
    const volume = new Volume("v", disks.volume, TRACK_BYTES, runtime);
    const log = new Volume("log", disks.log, TRACK_BYTES, runtime);
    const base = new Volume("base", disks.base, TRACK_BYTES, runtime);
    const journal = await openJournal({ volume, log, base, clock: new JournalClock(runtime.clock), runtime });
    await before(volume, runtime);
    await startJournal(journal);
    return new Rig(disks, runtime, volume, journal);
  }

  /** Settles when the base is an image, and moments can be recovered. */
  async whole(): Promise<void> {
    while (!this.journal.moments.isRecoverable) await this.runtime.clock.pass(100 * NS_PER_MS);
  }

  /** What the journal says the volume held after entry `lsn`. */
  at(lsn: number): Promise<Uint8Array> {
    return this.journal.moments.readAt(lsn, 0, VOLUME_BYTES);
  }
}
