import { expect, test } from "vitest";
import { drained } from "../testing/drained.node.ts";
import { Rig, RigDisks, TRACK_BYTES } from "./journal-rig.node.ts";

const TRACK = 3;

function write(rig: Rig, track: number, fill: number): Promise<void> {
  const data = new Uint8Array(TRACK_BYTES).fill(fill);
  return rig.volume.update({ kind: "write", offsetBytes: track * TRACK_BYTES, data, fua: false });
}

/**
 * A group of three records is torn: the first is lost, the others are on the disk. After the start one record of the same
 * size takes the place of the first, so that the second stands right behind it.
 */
async function overTornGroup(): Promise<Rig> {
  const disks = RigDisks.fresh(0);
  const rig = await Rig.start(disks);
  await rig.whole();
  const lost = Promise.withResolvers<void>();
  const recordSectors = 1 + TRACK_BYTES / 512;
  let groups = 0;
  disks.log.decide = ({ sectors }) => {
    if (sectors !== 3 * recordSectors) return "done";
    groups++;
    for (const other of [disks.volume, disks.base]) other.afterCrash();
    lost.resolve();
    return { crashes: (sector) => sector >= recordSectors };
  };
  // The first is written by itself, the others meanwhile become one group.
  void write(rig, 0, 1);
  for (const track of [1, TRACK, 5]) void write(rig, track, 9);
  await lost.promise;
  await drained();
  expect(groups).toBe(1);
  const next = await Rig.start(disks.afterCrash());
  expect(next.journal.table.newestLsn).toBe(1);
  await write(next, TRACK, 5);
  return next;
}

test.each(["folded", "made anew"] as const)(
  "records of a torn write, which nobody was promised, stay out when all before them is %s",
  async (how) => {
    const rig = await overTornGroup();
    await rig.volume.flush();
    const { fold, table } = rig.journal;
    if (how === "folded") await fold.advanceTo(table.newestLsn);
    else await fold.exclusive(() => rig.journal.beginAnew());
    const { newestLsn } = table;
    const back = await Rig.start(rig.disks.afterCrash());
    expect(back.journal.table.newestLsn).toBe(newestLsn);
    const found = await back.volume.disk.read(TRACK * TRACK_BYTES, TRACK_BYTES);
    expect(new Set(found)).toEqual(new Set([5]));
  },
);

test("a record that a program which was killed left in the cache is durable before others follow it", async () => {
  const disks = RigDisks.fresh(0);
  const killed = await Rig.start(disks);
  await killed.whole();
  disks.log.decide = () => ({ fails: () => true, cached: true });
  void write(killed, 1, 9);
  await drained();
  disks.log.decide = () => "done";
  const next = await Rig.start(disks);
  expect(next.journal.table.newestLsn, "nobody was promised the record, and it is there").toBe(1);
  await write(next, TRACK, 5);
  await next.volume.flush();
  const back = await Rig.start(disks.afterCrash());
  expect(back.journal.table.newestLsn).toBe(next.journal.table.newestLsn);
  for (const [track, fill] of [
    [1, 9],
    [TRACK, 5],
  ] as const)
    expect(new Set(await back.volume.disk.read(track * TRACK_BYTES, TRACK_BYTES))).toEqual(new Set([fill]));
});
