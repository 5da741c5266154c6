import fc from "fast-check";
import { expect, test } from "vitest";
import { checkAsyncLaw } from "../testing/check-law.ts";
import { applied, change, updateOf } from "./changes.node.ts";
import { Rig, RigDisks, VOLUME_BYTES } from "./journal-rig.node.ts";

const SPARE_LOG_BYTES = 64 * 1024;
const cases = fc.record({
  changes: fc.array(change, { minLength: 1, maxLength: 24 }),
  pick: fc.nat(),
});

test("what is folded is in the base, durably, and nothing later; moments from there on stay", async () => {
  await checkAsyncLaw(
    fc.asyncProperty(cases, async ({ changes, pick }) => {
      const rig = await Rig.start(RigDisks.fresh(SPARE_LOG_BYTES));
      await rig.whole();
      const { journal, volume, disks } = rig;
      const from = journal.table.newestLsn;
      const contents: Uint8Array[] = [new Uint8Array(VOLUME_BYTES)];
      for (const [index, one] of changes.entries()) {
        const update = updateOf(one, index);
        await volume.update(update);
        contents.push(applied(contents[index] as Uint8Array, update));
      }
      const folded = 1 + (pick % changes.length);
      await journal.fold.advanceTo(from + folded);
      expect(journal.management.state.baseLsn).toBe(from + folded);
      expect(disks.base.durable).toEqual(contents[folded]);
      for (let later = folded; later <= changes.length; later++)
        expect(await rig.at(from + later)).toEqual(contents[later]);
    }),
    60,
  );
});

test("a read of an earlier moment gets that moment, however long its disks take and whatever is folded meanwhile", async () => {
  let overtaken = 0;
  await checkAsyncLaw(
    fc.asyncProperty(
      fc.array(fc.tuple(change, fc.nat(), fc.nat({ max: 60 })), { minLength: 30, maxLength: 60, size: "max" }),
      async (steps) => {
        const rig = await Rig.start(RigDisks.fresh(0));
        await rig.whole();
        const { journal, volume, disks } = rig;
        const contents: Uint8Array[] = [new Uint8Array(VOLUME_BYTES)];
        const reads: Promise<void>[] = [];
        for (const [index, [one, pick, turns]] of steps.entries()) {
          for (const disk of [disks.base, disks.log]) disk.beforeRead = () => turnsPassed(turns);
          const { oldestLsn, newestLsn } = journal.moments.window;
          const lsn = oldestLsn + (pick % (newestLsn - oldestLsn + 1));
          const read = async (): Promise<void> => {
            expect(await rig.at(lsn), `moment ${lsn}`).toEqual(contents[lsn]);
            if (journal.management.state.foldLsn > lsn) overtaken++;
          };
          reads.push(read());
          const update = updateOf(one, index);
          contents.push(applied(contents[index] as Uint8Array, update));
          await volume.update(update);
        }
        await Promise.all(reads);
        expect(rig.runtime.escaped).toEqual([]);
      },
    ),
    30,
  );
  expect(overtaken).toBeGreaterThan(10);
});

/** A device that takes so many turns of the event queue. */
async function turnsPassed(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await Promise.resolve();
}
