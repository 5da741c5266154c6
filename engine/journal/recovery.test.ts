import fc from "fast-check";
import { expect, test } from "vitest";
import { NS_PER_MS } from "../ports/index.ts";
import { checkAsyncLaw } from "../testing/check-law.ts";
import { drained } from "../testing/drained.node.ts";
import { applied, change, type Change, updateOf } from "./changes.node.ts";
import { Rig, RigDisks, VOLUME_BYTES } from "./journal-rig.node.ts";
import { recover } from "./recovery.ts";

/** A change, or a recovery to the moment that `back` picks, if one is possible. */
interface Step {
  readonly change: Change;
  readonly back: number | undefined;
  readonly swaps: boolean;
  /** Whether the next step waits for its end. */
  readonly waits: boolean;
}

const step: fc.Arbitrary<Step> = fc.record({
  change,
  back: fc.option(fc.nat({ max: 1000 }), { nil: undefined, freq: 3 }),
  swaps: fc.integer({ min: 0, max: 3 }).map((value) => value === 0),
  waits: fc.boolean(),
});

/** What the volume held after each entry: entry `n` comes of step `n - 1`, however often a crash has it made again. */
class Story {
  readonly steps: readonly Step[];
  readonly moments: Uint8Array[] = [new Uint8Array(VOLUME_BYTES)];
  acknowledged = 0;
  recoveries = 0;
  swaps = 0;

  constructor(steps: readonly Step[]) {
    this.steps = steps;
  }

  /** Goes on where the journal ends. */
  async goOn(rig: Rig): Promise<void> {
    for (let next = rig.journal.moments.window.newestLsn; next < this.steps.length; next++) {
      // The clock, unlike the disks, goes on after a crash.
      if (rig.disks.lost) return;
      const { back, change: one, swaps, waits } = this.steps[next] as Step;
      if (back === undefined || !(await this.#recover(rig, next, back, swaps, waits))) {
        this.moments[next + 1] = applied(this.moments[next] as Uint8Array, updateOf(one, next));
        await rig.volume.update(updateOf(one, next));
      }
      this.acknowledged = next + 1;
      if (next % 7 === 6) await rig.runtime.clock.pass(60 * NS_PER_MS);
    }
    await rig.runtime.clock.pass(500 * NS_PER_MS);
  }

  async #recover(rig: Rig, next: number, back: number, swaps: boolean, waits: boolean): Promise<boolean> {
    const { journal } = rig;
    const { oldestLsn, newestLsn } = journal.moments.window;
    if (oldestLsn > newestLsn || rig.volume.rewriter !== undefined) return false;
    const lsn = oldestLsn + (back % (newestLsn - oldestLsn + 1));
    this.moments[next + 1] = this.moments[lsn] as Uint8Array;
    const { ended } = await recover(journal, lsn, swaps ? "swap" : "apply");
    this.recoveries++;
    if (swaps && rig.volume.rewriter === undefined) this.swaps++;
    if (waits) await ended;
    return true;
  }

  /** Hosts see the newest moment, and every one in the window is what the volume held then. */
  async expectMoments(rig: Rig): Promise<void> {
    const { oldestLsn, newestLsn } = rig.journal.moments.window;
    expect(newestLsn).toBeGreaterThanOrEqual(this.acknowledged);
    for (let lsn = oldestLsn; lsn <= newestLsn; lsn++)
      expect(await rig.at(lsn), `moment ${lsn}`).toEqual(this.moments[lsn]);
    expect(await rig.volume.read(0, VOLUME_BYTES)).toEqual(this.moments[newestLsn]);
  }

  /** And when all is brought, the disk holds it. */
  async expectEnd(rig: Rig): Promise<void> {
    await this.expectMoments(rig);
    while (rig.journal.recovery !== undefined) await rig.runtime.clock.pass(100 * NS_PER_MS);
    expect(await rig.volume.disk.read(0, VOLUME_BYTES)).toEqual(this.moments[rig.journal.moments.window.newestLsn]);
    expect(rig.runtime.escaped).toEqual([]);
  }
}

const steps = fc.array(step, { minLength: 20, maxLength: 60, size: "max" });

test("a recovery gives hosts the moment at once and the disk in the end, while they write; it can be undone; or by a swap (JR-4, JR-6)", async () => {
  let recoveries = 0;
  let swaps = 0;
  await checkAsyncLaw(
    fc.asyncProperty(steps, async (all) => {
      const rig = await Rig.start(RigDisks.fresh(0));
      await rig.whole();
      const story = new Story(all);
      await story.goOn(rig);
      await story.expectEnd(rig);
      recoveries += story.recoveries;
      swaps += story.swaps;
    }),
    60,
  );
  expect(recoveries).toBeGreaterThan(200);
  expect(swaps).toBeGreaterThan(30);
});

test("a crash at any disk write leaves the moment before a recovery or after it, and it is resumed (JR-8)", async () => {
  const outcomes: string[] = [];
  await checkAsyncLaw(
    fc.asyncProperty(
      steps,
      fc.array(fc.nat({ max: 250 }), { minLength: 1, maxLength: 3 }),
      fc.nat({ max: 31 }),
      async (all, crashAt, keeps) => {
        const story = new Story(all);
        let disks = RigDisks.fresh(0);
        for (const index of crashAt) {
          const lost = new Promise<void>((resolve) => {
            disks.loseAt(index, (sector) => ((keeps >>> (sector % 5)) & 1) === 1, resolve);
          });
          const work = async (): Promise<void> => {
            const rig = await Rig.start(disks);
            await drained();
            if (index % 2 === 0) await story.expectMoments(rig);
            if (index % 3 > 0) await rig.whole();
            await story.goOn(rig);
          };
          outcomes.push(await Promise.race([work().then(() => "done"), lost.then(() => "lost")]));
          disks = disks.afterCrash();
        }
        const rig = await Rig.start(disks);
        await story.expectEnd(rig);
      },
    ),
    150,
  );
  expect(outcomes.filter((outcome) => outcome === "lost").length).toBeGreaterThan(60);
});
