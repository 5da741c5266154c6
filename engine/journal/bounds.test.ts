import { expect, test } from "vitest";
import { EngineError } from "../errors.ts";
import { drained } from "../testing/drained.node.ts";
import { FakeDisk } from "../testing/fake-disk.ts";
import { Tap } from "../volume/tap.ts";
import type { Update } from "../volume/volume.ts";
import { Rig, RigDisks, VOLUME_BYTES } from "./journal-rig.node.ts";
import { recover } from "./recovery.ts";

async function codeOf(work: () => unknown): Promise<string> {
  try {
    await work();
  } catch (error) {
    if (error instanceof EngineError) return error.code;
    throw error;
  }
  return "none";
}

function write(rig: Rig, fill: number, sectors = 4): Promise<void> {
  const data = new Uint8Array(sectors * 512).fill(fill);
  return rig.volume.update({ kind: "write", offsetBytes: 0, data, fua: false });
}

test("a moment outside of the window is refused, by number and by time, and nothing changes (JR-7)", async () => {
  const rig = await Rig.start(RigDisks.fresh(0));
  expect(await codeOf(() => recover(rig.journal, 0, "apply"))).toBe("JOURNAL_NOT_READY");
  await rig.whole();
  for (let fill = 1; fill <= 60; fill++) await write(rig, fill);
  const { oldestLsn, newestLsn, oldestTimeUs, nowUs } = rig.journal.moments.window;
  expect(oldestLsn).toBeGreaterThan(0);
  for (const to of [
    { lsn: oldestLsn - 1 },
    { lsn: newestLsn + 1 },
    { timeUs: oldestTimeUs - 1 },
    { timeUs: nowUs + 1 },
  ])
    expect(await codeOf(() => recover(rig.journal, rig.journal.moments.resolve(to), "apply")), JSON.stringify(to)).toBe(
      "JOURNAL_POINT",
    );
  expect(rig.journal.moments.window.newestLsn).toBe(newestLsn);
});

test("a second recovery is refused while one runs", async () => {
  const rig = await Rig.start(RigDisks.fresh(0));
  await rig.whole();
  await write(rig, 1);
  await write(rig, 2);
  const { ended } = await recover(rig.journal, 1, "apply");
  expect(await codeOf(() => recover(rig.journal, 0, "apply"))).toBe("RESTORE_RUNS");
  await ended;
});

test("folding leaves a moment that somebody keeps, until a write needs its space", async () => {
  const rig = await Rig.start(RigDisks.fresh(0));
  await rig.whole();
  await write(rig, 1);
  const pin = rig.journal.moments.pin(1);
  for (let fill = 2; fill <= 10; fill++) await write(rig, fill);
  await drained();
  expect([pin.lost, rig.journal.moments.window.oldestLsn <= 1]).toEqual([false, true]);
  expect((await rig.at(1))[0]).toBe(1);
  expect(rig.journal.moments.changedSince(1).count).toBe(2);
  for (let fill = 11; fill <= 60; fill++) await write(rig, fill);
  expect(pin.lost).toBe(true);
  expect(await codeOf(() => rig.at(1))).toBe("JOURNAL_POINT");
});

test("a change that is refused after it was journaled never happened, also after a crash", async () => {
  const rig = await Rig.start(RigDisks.fresh(0));
  await rig.whole();
  await write(rig, 1);
  // Access goes while the record is being written.
  rig.disks.log.decide = () => {
    rig.volume.reservedFor = "a test";
    return "done";
  };
  expect(await codeOf(() => write(rig, 2))).toBe("NO_ACCESS");
  expect(rig.journal.moments.window.newestLsn).toBe(2);
  expect((await rig.at(2))[0]).toBe(1);
  const next = await Rig.start(rig.disks.afterCrash());
  expect((await next.volume.disk.read(0, 512))[0]).toBe(1);
  expect((await next.at(2))[0]).toBe(1);
});

test("a change that is refused after it was journaled keeps no other one waiting", async () => {
  const rig = await Rig.start(RigDisks.fresh(0));
  await rig.whole();
  const { volume } = rig;
  const at = (sector: number): Promise<void> =>
    volume.update({ kind: "write", offsetBytes: sector * 512, data: new Uint8Array(512).fill(9), fua: false });
  class Refuser extends Tap {
    override ready(_payloadBytes: number, { offsetBytes }: Update): undefined {
      volume.reservedFor = offsetBytes === 0 ? "a test" : "";
    }
  }
  volume.addTap(new Refuser());
  const outcomes = await Promise.all([0, 8, 16].map((sector) => codeOf(() => at(sector))));
  expect(outcomes).toEqual(["NO_ACCESS", "none", "none"]);
  const { newestLsn } = rig.journal.moments.window;
  expect([0, 8, 16].map((sector) => rig.disks.volume.visible[sector * 512])).toEqual([0, 9, 9]);
  expect(await rig.at(newestLsn)).toEqual(rig.disks.volume.visible);
});

test("a write that the volume's disk refused is in the journal as what is there", async () => {
  const rig = await Rig.start(RigDisks.fresh(0));
  await rig.whole();
  await write(rig, 1);
  rig.disks.volume.decide = () => ({ fails: (sector) => sector === 1 });
  expect(await codeOf(() => write(rig, 2))).toBe("DISK_FAILED");
  const found = await rig.volume.disk.read(0, VOLUME_BYTES);
  expect([found[0], found[512], found[1024]]).toEqual([1, 2, 1]);
  expect(await rig.at(rig.journal.moments.window.newestLsn)).toEqual(found);
});

test("while the log's disk refuses, writes wait, and nothing is lost", async () => {
  const rig = await Rig.start(RigDisks.fresh(0));
  await rig.whole();
  let refusals = 3;
  rig.disks.log.decide = () => (refusals-- > 0 ? { fails: () => false } : "done");
  let answered = false;
  const work = write(rig, 1).then(() => {
    answered = true;
  });
  await drained();
  expect(answered).toBe(false);
  await rig.runtime.clock.pass(1_000_000_000);
  await work;
  expect((await rig.at(1))[0]).toBe(1);
});

test("a journal refuses a log without room, a base of another size, and another journal's log", async () => {
  const { volume, log, base } = RigDisks.fresh(0);
  expect(await codeOf(() => Rig.start(new RigDisks(volume, new FakeDisk(log.sizeBytes - 512), base)))).toBe(
    "JOURNAL_TOO_SMALL",
  );
  expect(await codeOf(() => Rig.start(new RigDisks(volume, log, new FakeDisk(VOLUME_BYTES + 512))))).toBe(
    "JOURNAL_MISFIT",
  );
});

test("a table of which neither slot can be believed is never taken for an empty one", async () => {
  const disks = RigDisks.fresh(0);
  await Rig.start(disks);
  const next = disks.afterCrash();
  for (const slot of [0, 4096]) await next.log.write(slot, new Uint8Array(512).fill(7));
  expect(await codeOf(() => Rig.start(next))).toBe("META_CORRUPT");
});
