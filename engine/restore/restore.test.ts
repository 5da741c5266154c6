import { expect, test } from "vitest";
import { EngineError } from "../errors.ts";
import { intentBitmapBytes } from "../mirror/intent-bitmap.ts";
import { FakeDisk } from "../testing/fake-disk.ts";
import { testRuntime } from "../testing/test-runtime.node.ts";
import { type TwoSystems, twoSystems } from "../testing/two-systems.node.ts";
import { type TrackCopy, trackCopyAt } from "../volume/track-copy.ts";
import { Volume } from "../volume/volume.ts";
import { CopyIn } from "./copy-in.ts";
import { beginRestore, restoreOf, resumeRestore } from "./restore.ts";

const TRACK_BYTES = 8192;
const TRACKS = 20;
const RESTORED = 2;
const WRITTEN = 3;
const none = async (): Promise<void> => {};

function newTracks(): TrackCopy {
  const place = { pairId: 9, offsetBytes: 0, trackCount: TRACKS };
  return trackCopyAt(new FakeDisk(intentBitmapBytes(TRACKS)), place, TRACK_BYTES);
}

/** A pair in DUPLEX, and a restore of all of its primary that waits for {@link go}. */
async function restoring(mode: "sync" | "async") {
  const two = await twoSystems(TRACKS * TRACK_BYTES - 512, TRACK_BYTES);
  const { a, b, run, until } = two;
  await run(a.system.execute({ kind: "create", pair: "p", volume: "pvol", link: "link", peerVolume: "svol", mode }));
  await until(() => [a, b].every(({ system }) => system.pair("p")?.entry.status === "DUPLEX"));
  const volume = a.system.pair("p")?.volume as Volume;
  const tracks = newTracks();
  let go = (): void => {};
  const open = new Promise<void>((resolve) => {
    go = resolve;
  });
  const source = {
    read: async (_: number, lengthBytes: number): Promise<Uint8Array> => {
      await open;
      return new Uint8Array(lengthBytes).fill(RESTORED);
    },
  };
  const copy = new CopyIn({ volume, source, tracks, runtime: a.runtime, name: "test", from: "journal", id: 1 });
  const all = Array.from({ length: TRACKS }, (_, track) => track);
  const begin = (): ReturnType<typeof beginRestore> =>
    beginRestore({ volume, copy, runtime: a.runtime }, { tracks: () => all, accept: none, finished: none });
  return { ...two, begin, go };
}

function expected(two: TwoSystems): Uint8Array {
  const bytes = new Uint8Array(two.a.disk.sizeBytes).fill(RESTORED);
  return bytes.fill(WRITTEN, 12 * TRACK_BYTES, 13 * TRACK_BYTES);
}

test.each(["sync", "async"] as const)(
  "%s: the mirror stays DUPLEX, and nobody takes over a mixture (JR-4)",
  async (mode) => {
    const two = await restoring(mode);
    const { a, b, run, until } = two;
    const { ended } = await run(two.begin());
    await until(() => b.system.pair("p")?.entry.consistent === false);
    expect([a, b].map(({ system }) => system.pair("p")?.entry.status)).toEqual(["DUPLEX", "DUPLEX"]);
    await expect(run(two.begin())).rejects.toMatchObject({ code: "RESTORE_RUNS", context: { volume: "pvol" } });
    await expect(run(a.system.execute({ kind: "failback", pair: "p" }))).rejects.toMatchObject({
      code: "RESTORE_RUNS",
      context: { volume: "pvol", command: "failback" },
    });
    await run(a.system.device("pvol").write(12 * TRACK_BYTES, new Uint8Array(TRACK_BYTES).fill(WRITTEN)));
    two.go();
    await run(ended);
    await until(() => b.system.pair("p")?.entry.consistent === true && a.system.pair("p")?.pending.count === 0);
    expect(a.disk.durable).toEqual(expected(two));
    expect(b.disk.durable).toEqual(expected(two));
    expect(a.runtime.steps).not.toContain("pair.suspended");
  },
);

test("a link that is lost in the middle: the takeover is refused; the resync brings what is left and makes the other end whole", async () => {
  const two = await restoring("sync");
  const { a, b, run, until } = two;
  const { ended } = await run(two.begin());
  await until(() => b.system.pair("p")?.entry.consistent === false);
  two.cut();
  await until(() => b.system.pair("p")?.connection === undefined);
  await expect(run(b.system.execute({ kind: "takeover", pair: "p" }))).rejects.toMatchObject({
    code: "NOT_CONSISTENT",
  });
  await run(a.system.device("pvol").write(12 * TRACK_BYTES, new Uint8Array(TRACK_BYTES).fill(WRITTEN)));
  two.heal();
  two.go();
  await run(ended);
  await until(() => b.system.pair("p")?.entry.status === "DUPLEX" && a.system.pair("p")?.pending.count === 0);
  expect(b.system.pair("p")?.entry.consistent).toBe(true);
  expect(a.disk.durable).toEqual(expected(two));
  expect(b.disk.durable).toEqual(expected(two));
});

test("a restore that a crash interrupted goes on with the tracks that are left, and tells its owner of the end", async () => {
  const runtime = testRuntime();
  const disk = new FakeDisk(TRACKS * TRACK_BYTES);
  const volume = new Volume("pvol", disk, TRACK_BYTES, runtime);
  const tracks = newTracks();
  await tracks.begin([4, 19]);
  const source = { read: async (_: number, lengthBytes: number) => new Uint8Array(lengthBytes).fill(RESTORED) };
  const copy = new CopyIn({ volume, source, tracks, runtime, name: "test", from: "journal", id: 1 });
  const told: string[] = [];
  const finished = async (): Promise<void> => void told.push("finished");
  const ended = resumeRestore({ volume, copy, runtime }, { finished });
  expect((await volume.read(4 * TRACK_BYTES, 512))[0]).toBe(RESTORED);
  await ended;
  expect(told).toEqual(["finished"]);
  expect(volume.rewriter).toBeUndefined();
  const restored = new Uint8Array(TRACKS * TRACK_BYTES);
  for (const track of [4, 19]) restored.fill(RESTORED, track * TRACK_BYTES, (track + 1) * TRACK_BYTES);
  expect(disk.durable).toEqual(restored);
});

test("a restore that may still be refused keeps others out, and is not reported before it is accepted", async () => {
  const runtime = testRuntime();
  const volume = new Volume("pvol", new FakeDisk(TRACKS * TRACK_BYTES), TRACK_BYTES, runtime);
  const source = { read: async (_: number, lengthBytes: number) => new Uint8Array(lengthBytes) };
  const parts = { volume, source, tracks: newTracks(), runtime, name: "test", from: "journal", id: 1 } as const;
  const copy = new CopyIn(parts);
  const seen: (CopyIn | undefined)[] = [];
  const begin = (accept: () => Promise<void>) =>
    beginRestore({ volume, copy, runtime }, { tracks: () => [1, 2], accept, finished: none });
  const refused = begin(async () => {
    seen.push(restoreOf(volume));
    expect(() => volume.requireWhole("backup")).toThrow("RESTORE_RUNS");
    throw new EngineError("JOURNAL_UNKNOWN", { volume: "pvol" });
  });
  await expect(refused).rejects.toMatchObject({ code: "JOURNAL_UNKNOWN" });
  volume.requireWhole("backup");
  const { ended } = await begin(none);
  seen.push(restoreOf(volume));
  await ended;
  seen.push(restoreOf(volume));
  expect(seen).toEqual([undefined, copy, undefined]);
});
