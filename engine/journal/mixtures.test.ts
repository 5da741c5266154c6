import { expect, test } from "vitest";
import { EngineError } from "../errors.ts";
import { openLsnImage } from "../image/lsn-image.ts";
import { intentBitmapBytes } from "../mirror/intent-bitmap.ts";
import { NS_PER_MS } from "../ports/index.ts";
import { CopyIn } from "../restore/copy-in.ts";
import { beginRestore, resumeRestore } from "../restore/restore.ts";
import { drained } from "../testing/drained.node.ts";
import { FakeDisk } from "../testing/fake-disk.ts";
import type { TestRuntime } from "../testing/test-runtime.node.ts";
import { Tap } from "../volume/tap.ts";
import { trackCopyAt } from "../volume/track-copy.ts";
import type { Volume } from "../volume/volume.ts";
import { Rig, RigDisks, TRACK_BYTES, VOLUME_BYTES } from "./journal-rig.node.ts";
import { recover } from "./recovery.ts";

const TRACKS = 16;
const BACKUP = 9;
const META_BYTES = intentBitmapBytes(TRACKS) + 512;

/** Whether a restore runs is in the last sector of its metadata. */
const RUNS_AT = META_BYTES - 512;

function write({ volume }: Rig, fill: number, track: number): Promise<void> {
  const data = new Uint8Array(TRACK_BYTES).fill(fill);
  return volume.update({ kind: "write", offsetBytes: track * TRACK_BYTES, data, fua: false });
}

/** A backup of nines; what it is brought by remembers on `meta` what is left. */
function copyOf(volume: Volume, runtime: TestRuntime, meta: FakeDisk): CopyIn {
  const tracks = trackCopyAt(meta, { pairId: 1, offsetBytes: 0, trackCount: TRACKS }, TRACK_BYTES);
  const source = { read: async (_: number, lengthBytes: number) => new Uint8Array(lengthBytes).fill(BACKUP) };
  return new CopyIn({ volume, source, tracks, runtime, name: "backup", from: "mirror", id: 1 });
}

function note(meta: FakeDisk, runs: boolean): Promise<void> {
  return meta.write(RUNS_AT, new Uint8Array(512).fill(runs ? 1 : 0), { fua: true });
}

/** @returns `ended`: settles when all of the backup is there */
async function restore({ volume, runtime }: Rig, meta: FakeDisk): Promise<{ readonly ended: Promise<void> }> {
  const copy = copyOf(volume, runtime, meta);
  const all = Array.from({ length: TRACKS }, (_, track) => track);
  const accept = (): Promise<void> => note(meta, true);
  return beginRestore({ volume, copy, runtime }, { tracks: () => all, accept, finished: () => note(meta, false) });
}

/** Starts again, and goes on with a restore that ran. */
async function restarted(disks: RigDisks, meta: FakeDisk): Promise<Rig> {
  let start = (): void => {};
  const started = new Promise<void>((resolve) => {
    start = resolve;
  });
  const rig = await Rig.start(disks, async (volume, runtime) => {
    if (meta.visible[RUNS_AT] !== 1) return;
    const copy = copyOf(volume, runtime, meta);
    expect(await copy.tracks.load()).toBe(true);
    runtime.tasks.spawn(resumeRestore({ volume, copy, runtime }, { finished: () => note(meta, false) }, started));
  });
  start();
  return rig;
}

function filled(...written: readonly (readonly [track: number, fill: number])[]): Uint8Array {
  const content = new Uint8Array(VOLUME_BYTES);
  for (const [track, fill] of written) content.fill(fill, track * TRACK_BYTES, (track + 1) * TRACK_BYTES);
  return content;
}

function restored(...written: readonly (readonly [track: number, fill: number])[]): Uint8Array {
  const content = filled(...written);
  return content.map((byte) => (byte === 0 ? BACKUP : byte));
}

/** Moments in the window that are no mixture, by content. */
async function momentsOf(rig: Rig): Promise<Map<number, Uint8Array>> {
  const { oldestLsn, newestLsn } = rig.journal.moments.window;
  const moments = new Map<number, Uint8Array>();
  for (let lsn = oldestLsn; lsn <= newestLsn; lsn++) {
    try {
      moments.set(lsn, await rig.at(lsn));
    } catch (error) {
      expect(error).toMatchObject({ code: "JOURNAL_MIXTURE" });
    }
  }
  return moments;
}

function sameAs(content: Uint8Array, other: Uint8Array): boolean {
  return content.every((byte, at) => byte === other[at]);
}

test("while a restore runs its moments are refused by number and by time; the error names those before and after", async () => {
  const rig = await Rig.start(RigDisks.fresh(64 * 1024));
  await rig.whole();
  await write(rig, 1, 3);
  // What is brought does not get there.
  rig.disks.volume.decide = ({ sectors }) => (sectors > 2 ? { fails: () => false } : "done");
  const { ended } = await restore(rig, new FakeDisk(META_BYTES));
  await drained();
  expect((await Promise.allSettled([write(rig, 5, 0)]))[0].status).toBe("fulfilled");
  const half = rig.journal.moments.window.newestLsn;
  const halfUs = rig.journal.moments.window.nowUs;
  await expect(recover(rig.journal, half, "apply")).rejects.toMatchObject({ code: "RESTORE_RUNS" });
  const refusal = (to: Parameters<typeof rig.journal.moments.resolve>[0]): unknown => {
    try {
      return rig.journal.moments.resolve(to);
    } catch (error) {
      return error instanceof EngineError ? { code: error.code, ...error.context } : error;
    }
  };
  expect(refusal({ lsn: half })).toMatchObject({ code: "JOURNAL_MIXTURE", beforeLsn: 1, afterLsn: "none" });
  rig.disks.volume.decide = () => "done";
  await rig.runtime.clock.pass(500 * NS_PER_MS);
  await ended;
  const after = rig.journal.moments.window.newestLsn;
  await write(rig, 6, 1);
  for (const to of [{ lsn: half }, { timeUs: halfUs }])
    expect(refusal(to)).toMatchObject({ code: "JOURNAL_MIXTURE", beforeLsn: 1, afterLsn: after });
  expect(sameAs(await rig.at(1), filled([3, 1]))).toBe(true);
  expect(sameAs(await rig.at(after), restored([0, 5]))).toBe(true);
  await (await recover(rig.journal, 1, "apply")).ended;
  await (await recover(rig.journal, after, "apply")).ended;
  expect(sameAs(await rig.volume.disk.read(0, VOLUME_BYTES), restored([0, 5]))).toBe(true);
});

test("power is lost at any write of a restore: every moment that is named is one that hosts saw", async () => {
  const seen = [filled(), filled([3, 1]), restored(), restored([0, 5]), restored([0, 5], [7, 6])];
  let mixtures = 0;
  let crashes = 0;
  for (let index = 0; crashes === index; index++) {
    const disks = RigDisks.fresh(64 * 1024);
    const meta = new FakeDisk(META_BYTES);
    const first = await Rig.start(disks);
    await first.whole();
    await write(first, 1, 3);
    const base = disks.writes;
    const crash = new Promise<"lost">((resolve) => {
      disks.decide(
        (count) => (count - base === index ? { crashes: (sector) => sector % 2 === index % 2 } : "done"),
        () => resolve("lost"),
      );
    });
    const work = async (): Promise<"done"> => {
      const { ended } = await restore(first, meta);
      await write(first, 5, 0);
      await ended;
      await write(first, 6, 7);
      return "done";
    };
    if ((await Promise.race([work(), crash])) === "lost") crashes++;
    const rig = await restarted(disks.afterCrash(), meta.afterCrash());
    for (let wait = 0; rig.volume.rewriter !== undefined && wait < 100; wait++)
      await rig.runtime.clock.pass(100 * NS_PER_MS);
    await rig.whole();
    const { oldestLsn, newestLsn } = rig.journal.moments.window;
    const moments = await momentsOf(rig);
    mixtures += newestLsn - oldestLsn + 1 - moments.size;
    for (const [lsn, content] of moments)
      expect(
        seen.some((one) => sameAs(one, content)),
        `crash at write ${index}: moment ${lsn}`,
      ).toBe(true);
    // What the volume holds now is one of them.
    expect(sameAs(moments.get(newestLsn) ?? new Uint8Array(1), await rig.volume.read(0, VOLUME_BYTES))).toBe(true);
    expect(rig.runtime.escaped).toEqual([]);
  }
  expect(crashes).toBeGreaterThan(5);
  expect(mixtures).toBeGreaterThan(crashes);
});

/** A mirror whose other end is sending its content. */
class Overwritten extends Tap {
  over = false;
  override get isMixture(): boolean {
    return !this.over;
  }
}

test("a base that is made of a mixture holds no moment, also when all its entries are folded; the first is when it is whole", async () => {
  const disks = RigDisks.fresh(0);
  const mirror = new Overwritten();
  const rig = await Rig.start(disks, async (volume) => volume.addTap(mirror));
  await rig.whole();
  for (let fill = 1; fill <= 60; fill++) await write(rig, fill, 2);
  expect(rig.journal.moments.window.oldestLsn).toBeGreaterThan(1);
  expect((await momentsOf(rig)).size).toBe(0);
  const next = await Rig.start(disks.afterCrash(), async (volume) => volume.addTap(mirror));
  await next.whole();
  expect((await momentsOf(next)).size).toBe(0);
  expect(() => next.journal.moments.pin(next.journal.moments.window.oldestLsn)).toThrow(
    expect.objectContaining({ code: "JOURNAL_MIXTURE", context: expect.objectContaining({ beforeLsn: "none" }) }),
  );
  mirror.over = true;
  await next.volume.journal?.mark();
  expect([...(await momentsOf(next)).keys()]).toEqual([next.journal.moments.window.newestLsn]);
});

test("no image is fixed of an entry at which the volume was a mixture", async () => {
  const mirror = new Overwritten();
  const rig = await Rig.start(RigDisks.fresh(0), async (volume) => volume.addTap(mirror));
  await rig.whole();
  await write(rig, 1, 2);
  const { image } = openLsnImage(rig.journal, rig.runtime);
  await image.load(0);
  rig.volume.addTap(image);
  expect([await image.fix(0), image.state]).toEqual([false, "lost"]);
  mirror.over = true;
  expect([await image.fix(0), image.state]).toEqual([true, "fixed"]);
  await write(rig, 2, 2);
  expect((await image.read(2 * TRACK_BYTES, 512))[0]).toBe(1);
});
