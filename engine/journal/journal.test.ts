import fc from "fast-check";
import { expect, test } from "vitest";
import { NS_PER_MS } from "../ports/index.ts";
import { checkAsyncLaw } from "../testing/check-law.ts";
import { drained } from "../testing/drained.node.ts";
import { applied, change, type Change, updateOf } from "./changes.node.ts";
import { Rig, RigDisks, VOLUME_BYTES } from "./journal-rig.node.ts";

/** What the volume holds after each entry, from entry 0 on, if the changes are made one after the other. */
function momentsOf(changes: readonly Change[]): readonly Uint8Array[] {
  const moments: Uint8Array[] = [new Uint8Array(VOLUME_BYTES)];
  for (const [index, one] of changes.entries())
    moments.push(applied(moments[index] as Uint8Array, updateOf(one, index)));
  return moments;
}

/** Every moment in the window is what the volume held then, and the newest is what it holds. */
async function expectMoments(rig: Rig, moments: readonly Uint8Array[]): Promise<void> {
  const { oldestLsn, newestLsn } = rig.journal.moments.window;
  for (let lsn = oldestLsn; lsn <= newestLsn; lsn++) expect(await rig.at(lsn), `moment ${lsn}`).toEqual(moments[lsn]);
  expect(await rig.volume.disk.read(0, VOLUME_BYTES)).toEqual(moments[newestLsn]);
}

test("every moment in the window is what the volume held after that entry, folded or not (JR-3, JR-7)", async () => {
  const foldedTo: number[] = [];
  await checkAsyncLaw(
    fc.asyncProperty(fc.array(change, { minLength: 30, maxLength: 60, size: "max" }), async (changes) => {
      const rig = await Rig.start(RigDisks.fresh(0));
      await rig.whole();
      for (const [index, one] of changes.entries()) {
        await rig.volume.update(updateOf(one, index));
        expect(rig.journal.moments.window.newestLsn).toBe(index + 1);
      }
      await expectMoments(rig, momentsOf(changes));
      foldedTo.push(rig.journal.moments.window.oldestLsn);
      expect(rig.runtime.escaped).toEqual([]);
    }),
    40,
  );
  expect(Math.max(...foldedTo)).toBeGreaterThan(10);
});

test("a crash at any disk write: what was acknowledged is in the journal, in order, and the volume is what the journal says (JR-3, JR-8)", async () => {
  const crashes: string[] = [];
  await checkAsyncLaw(
    fc.asyncProperty(
      fc.array(change, { minLength: 1, maxLength: 40 }),
      fc.array(fc.nat({ max: 150 }), { minLength: 1, maxLength: 3 }),
      fc.nat({ max: 31 }),
      async (changes, crashAt, keeps) => {
        const moments = momentsOf(changes);
        let disks = RigDisks.fresh(0);
        let acknowledged = 0;
        for (const index of crashAt) {
          const lost = new Promise<void>((resolve) => {
            disks.loseAt(index, (sector) => ((keeps >>> (sector % 5)) & 1) === 1, resolve);
          });
          const work = async (): Promise<void> => {
            const rig = await Rig.start(disks);
            const { newestLsn } = rig.journal.moments.window;
            expect(newestLsn).toBeGreaterThanOrEqual(acknowledged);
            await expectMoments(rig, moments);
            for (let next = newestLsn; next < changes.length && !rig.disks.lost; next++) {
              await rig.volume.update(updateOf(changes[next] as Change, next));
              acknowledged = next + 1;
              // Long enough for a checkpoint.
              if (next % 7 === 6) await rig.runtime.clock.pass(60 * NS_PER_MS);
            }
            await drained();
          };
          const outcome = await Promise.race([work().then(() => "done"), lost.then(() => "lost")]);
          crashes.push(outcome);
          disks = disks.afterCrash();
        }
        const rig = await Rig.start(disks);
        expect(rig.journal.moments.window.newestLsn).toBeGreaterThanOrEqual(acknowledged);
        await expectMoments(rig, moments);
        expect(rig.runtime.escaped).toEqual([]);
      },
    ),
    120,
  );
  expect(crashes).toContain("lost");
});
