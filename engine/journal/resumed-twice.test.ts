import { expect, test } from "vitest";
import { NS_PER_MS } from "../ports/index.ts";
import { FakeClock } from "../testing/fake-clock.node.ts";
import { drained } from "../testing/drained.node.ts";
import { testRuntime } from "../testing/test-runtime.node.ts";
import { Volume } from "../volume/volume.ts";
import { completeGroup } from "./group-recovery.ts";
import { JournalClock } from "./journal-clock.ts";
import type { Journal } from "./journal.ts";
import { Rig, RigDisks, TRACK_BYTES } from "./journal-rig.node.ts";
import { openJournal, startJournal } from "./start-journal.ts";

const TRACKS = [1, 2, 3, 4];

async function write(rig: Rig, fill: number): Promise<void> {
  const data = new Uint8Array(TRACK_BYTES).fill(fill);
  for (const track of TRACKS)
    await rig.volume.update({ kind: "write", offsetBytes: track * TRACK_BYTES, data, fua: false });
}

/** A group of this journal alone has decided, durably, to go back to what was written first. */
async function decided(): Promise<RigDisks> {
  const rig = await Rig.start(RigDisks.fresh(64 * 1024));
  await rig.whole();
  await write(rig, 1);
  const { management, table } = rig.journal;
  const targetLsn = table.newestLsn;
  await write(rig, 2);
  await rig.journal.settle();
  const { journalId } = management.state;
  management.state.decided = [{ journalId, method: "apply", targetLsn, lsn: table.newestLsn + 1 }];
  await management.persist();
  return rig.disks.afterCrash();
}

/** A start, and time until what was decided is done, or the power is lost. @returns the first bytes of the tracks */
async function resume(disks: RigDisks): Promise<readonly number[]> {
  const clock = new FakeClock();
  const runtime = testRuntime(clock);
  const volume = new Volume("v", disks.volume, TRACK_BYTES, runtime);
  const log = new Volume("log", disks.log, TRACK_BYTES, runtime);
  const base = new Volume("base", disks.base, TRACK_BYTES, runtime);
  const start = async (): Promise<Journal> => {
    const journal = await openJournal({ volume, log, base, clock: new JournalClock(runtime.clock), runtime });
    await completeGroup(journal, [journal]);
    await startJournal(journal);
    return journal;
  };
  let started: Journal | undefined;
  void start().then((journal) => {
    started = journal;
  });
  for (let round = 0; round < 100 && !disks.lost; round++) {
    await drained();
    if (started !== undefined && started.recovery === undefined) break;
    await clock.pass(NS_PER_MS);
  }
  const bytes = await disks.volume.read(0, disks.volume.sizeBytes);
  return TRACKS.map((track) => bytes[track * TRACK_BYTES] as number);
}

test("a recovery of a group that a start goes on with, and the next one too, wherever the power is lost between (JR-8)", async () => {
  let writes = 0;
  for (let wasLost = true; wasLost; writes++) {
    const disks = await decided();
    disks.loseAt(
      writes,
      () => true,
      () => {},
    );
    void resume(disks);
    for (let turn = 0; turn < 200 && !disks.lost; turn++) await drained();
    wasLost = disks.lost;
    expect(await resume(disks.afterCrash()), `write ${writes}`).toEqual([1, 1, 1, 1]);
  }
  expect(writes).toBeGreaterThan(5);
});
