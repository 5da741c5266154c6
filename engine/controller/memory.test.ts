import { expect, test } from "vitest";
import { CopyManagementTable } from "../mirror/copy-management-table.ts";
import { IntentBitmap } from "../mirror/intent-bitmap.ts";
import { LocalPair } from "../mirror/local-pair.ts";
import type { LocalPairEntry } from "../mirror/local-pair-entry.ts";
import { TRACKERS } from "../mirror/intent-store.ts";
import { Pair } from "../mirror/pair.ts";
import type { PairEntry } from "../mirror/pair-entry.ts";
import { NO_GENERATION } from "../mirror/generation.ts";
import type { Disk } from "../ports/index.ts";
import { CopyIn } from "../restore/copy-in.ts";
import { FakeDisk } from "../testing/fake-disk.ts";
import { testRuntime } from "../testing/test-runtime.node.ts";
import { Bitmap } from "../volume/bitmap.ts";
import { TrackCopy } from "../volume/track-copy.ts";
import { Volume } from "../volume/volume.ts";

const SIZE_BYTES = 10 * 2 ** 30;
const TRACK_BYTES = 8192;
const TRACKS = SIZE_BYTES / TRACK_BYTES;
const MIB = 2 ** 20;

/** Bytes of the tables that `make` leaves behind. Other garbage can only make it less, so there is a floor, too. */
function tableBytes(make: () => object): number {
  const before = process.memoryUsage().arrayBuffers;
  const made = make();
  const bytes = process.memoryUsage().arrayBuffers - before;
  expect(made).toBeDefined();
  return bytes;
}

const runtime = testRuntime();
const meta = new FakeDisk(64 * 1024);
const never = (): Promise<never> => Promise.reject(new Error("no content is needed"));
const disk: Disk = { sizeBytes: SIZE_BYTES, read: never, write: never, flush: never, trim: never };
const volume = (name: string): Volume => new Volume(name, disk, TRACK_BYTES, runtime);
const size = { sizeBytes: SIZE_BYTES, trackBytes: TRACK_BYTES };

test.each(TRACKERS)("%s: the tables of a remote pair take at most 1 MiB for a volume of 10 GiB", async (tracker) => {
  const table = await CopyManagementTable.load(meta, runtime.clock, runtime.log);
  const entry: PairEntry = {
    copyType: "remote",
    id: 1,
    name: "p",
    link: "link",
    volume: "pvol",
    peerVolume: "svol",
    mode: "sync",
    tracker,
    ...size,
    shared: false,
    secondaryWritable: false,
    imageVoid: 0,
    imageTracks: 0,
    bitmapOffsetBytes: 32_768,
    role: "primary",
    status: "COPY",
    suspension: "",
    consistent: true,
    established: false,
    current: NO_GENERATION,
    ancestors: [],
    copyFrom: NO_GENERATION,
    wish: "",
    wishAfter: NO_GENERATION,
    takeover: NO_GENERATION,
  };
  const bytes = tableBytes(() => new Pair(entry, volume("pvol"), table, meta, runtime));
  expect(bytes).toBeGreaterThan(TRACKS / 8);
  expect(bytes).toBeLessThanOrEqual(MIB);
});

test("the tables of a local mirror take at most 1 MiB for each of its volumes of 10 GiB", async () => {
  const table = await CopyManagementTable.load(meta, runtime.clock, runtime.log);
  const entry: LocalPairEntry = {
    copyType: "local",
    id: 1,
    name: "g",
    volume: "pvol",
    mirrorVolume: "gen1",
    ...size,
    status: "COPY",
    suspension: "",
    task: "",
    mirrorWritable: false,
    splitCount: 0,
    restoreCount: 0,
    bitmapOffsetBytes: 32_768,
    mirrorBitmapOffsetBytes: 32_768,
    restoreBitmapOffsetBytes: 32_768,
  };
  const parts = { volume: volume("pvol"), mirror: volume("gen1"), table, meta, runtime };
  const bytes = tableBytes(() => new LocalPair(entry, parts));
  expect(bytes).toBeGreaterThan(TRACKS / 8);
  expect(bytes).toBeLessThanOrEqual(2 * MIB);
});

test("the track status tables of a restore take at most 4 bits a track (CR-3)", () => {
  const marks = new IntentBitmap(meta, { pairId: 1, offsetBytes: 32_768, trackCount: TRACKS }, () => false);
  const pvol = volume("pvol");
  const bytes = tableBytes(() => {
    const tracks = new TrackCopy(new Bitmap(TRACKS), marks, TRACK_BYTES);
    return new CopyIn({ volume: pvol, source: disk, tracks, runtime, name: "g", from: "mirror", id: 1 });
  });
  expect(bytes).toBeGreaterThan(TRACKS / 8);
  expect(bytes).toBeLessThanOrEqual(TRACKS / 2);
});
