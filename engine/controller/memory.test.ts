import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { CopyOut } from "../image/copy-out.ts";
import { IntentBitmap } from "../mirror/intent-bitmap.ts";
import { TRACKERS, type Tracker } from "../mirror/intent-store.ts";
import type { LocalPair } from "../mirror/local-pair.ts";
import { splitMirrors } from "../mirror/local-split.ts";
import type { Pair } from "../mirror/pair.ts";
import { setStatus } from "../mirror/pair-status.ts";
import { NS_PER_MS, sleep } from "../ports/index.ts";
import { CopyIn } from "../restore/copy-in.ts";
import { HollowDisk } from "../testing/hollow-disk.ts";
import { MemoryNetwork } from "../testing/memory-network.node.ts";
import { testRuntime } from "../testing/test-runtime.node.ts";
import { Bitmap } from "../volume/bitmap.ts";
import { TrackCopy } from "../volume/track-copy.ts";
import { Volume } from "../volume/volume.ts";
import { SharedMemory } from "./shared-memory.ts";

const SIZE_BYTES = 10 * 2 ** 30;
const TRACK_BYTES = 8192;
const TRACKS = SIZE_BYTES / TRACK_BYTES;
const MIB = 2 ** 20;
/** Enough to leave no page of a bitmap all clear or all set: more of them take no more memory. */
const WRITES = 8_000;
/** Of one step of a copy in the background: hosts are everywhere before it is. */
const COPY_NS = 100 * NS_PER_MS;

setFlagsFromString("--expose-gc");
const collectGarbage: () => void = runInNewContext("gc");

function heldBytes(): number {
  collectGarbage();
  collectGarbage();
  return process.memoryUsage().arrayBuffers;
}

/** A volume of 10 GiB with everything that one can have: a remote pair, an image, a local mirror, a journal. */
class Everything {
  readonly runtime = testRuntime();
  readonly #pvol = new HollowDisk(SIZE_BYTES);
  readonly #area = new HollowDisk(SIZE_BYTES + 8 * MIB, 8 * MIB);
  readonly #log = new HollowDisk(256 * MIB, 8 * MIB);
  readonly #disks = new Map([
    ["pvol", this.#pvol],
    ["gen1", new HollowDisk(SIZE_BYTES)],
    ["area", this.#area],
    ["log", this.#log],
    ["base", new HollowDisk(SIZE_BYTES)],
  ]);
  readonly #meta = new HollowDisk(16 * MIB, 16 * MIB);
  readonly #beforeBytes: number;
  #memory: SharedMemory | undefined;

  constructor() {
    this.#pvol.beforeRead = (_offsetBytes, lengthBytes) =>
      lengthBytes > TRACK_BYTES ? sleep(this.runtime.clock, COPY_NS) : undefined;
    this.#beforeBytes = heldBytes();
  }

  async load(tracker: Tracker): Promise<void> {
    const volumes = [...this.#disks].map(([name, { sizeBytes }]) => ({ name, sizeBytes, trackBytes: TRACK_BYTES }));
    const config = {
      name: "a",
      volumes,
      links: [],
      images: [{ volume: "pvol", method: "reserved-area", area: "area" } as const],
      journals: [{ volume: "pvol", log: "log", base: "base" }],
    };
    const ports = { ...this.runtime, disks: this.#disks, meta: this.#meta, links: new MemoryNetwork() };
    const memory = await SharedMemory.load(config, ports, this.runtime);
    this.#memory = memory;
    await memory.locals.create({ pair: "g", volume: "pvol", mirrorVolume: "gen1" });
    const parts = { id: 7, name: "p", link: "l", volume: "pvol", peerVolume: "svol", mode: "sync" } as const;
    await memory.create({ ...parts, role: "primary", tracker });
    await this.runtime.clock.pass(0);
  }

  get memory(): SharedMemory {
    if (this.#memory === undefined) throw new Error("not loaded");
    return this.#memory;
  }

  get pair(): Pair {
    return this.memory.pair("p");
  }

  get volume(): Volume {
    return this.memory.volume("pvol");
  }

  /** As after a time of being DUPLEX: nothing is pending. */
  async settle(local: LocalPair): Promise<void> {
    local.pending.reset();
    for (let round = 0; local.entry.status !== "DUPLEX" && round < 100; round++)
      await this.runtime.clock.pass(100 * NS_PER_MS);
    expect(local.entry.status).toBe("DUPLEX");
    const { entry, pending, intents } = this.pair;
    pending.reset();
    await intents.sweep(0, true);
    setStatus(entry, "SPLIT");
    entry.established = true;
  }

  /** Hosts write a track here and there, all over the volume. */
  async scatter(): Promise<void> {
    const data = new Uint8Array(TRACK_BYTES).fill(1);
    const writes: Promise<void>[] = [];
    for (let write = 0; write < WRITES; write++) {
      const track = (write * 810_069 + 11) % TRACKS;
      writes.push(this.volume.update({ kind: "write", offsetBytes: track * TRACK_BYTES, data, fua: false }));
      if (write % 200 !== 199) continue;
      await this.run(Promise.all(writes));
      writes.length = 0;
    }
    await this.runtime.clock.pass(200 * NS_PER_MS);
    expect(this.runtime.escaped).toEqual([]);
  }

  async run(work: Promise<unknown> | undefined): Promise<void> {
    let settled = false;
    void work?.finally(() => {
      settled = true;
    });
    for (let round = 0; !settled && round < 1_000; round++) await this.runtime.clock.pass(10 * NS_PER_MS);
    expect(settled).toBe(true);
    await work;
  }

  /** Of all tables, those of the local mirror's other volume among them. */
  get bytes(): number {
    return heldBytes() - this.#beforeBytes;
  }
}

test.each(TRACKERS)("%s: with all that a volume of 10 GiB can have its bitmaps take at most 1 MiB", async (tracker) => {
  const all = new Everything();
  await all.load(tracker);
  // Everything is pending, and copies have just begun.
  expect(all.bytes).toBeLessThan(MIB / 4);
  const local = all.memory.locals.required("g");
  await all.settle(local);
  expect(all.bytes).toBeLessThan(MIB / 4);
  await all.run(all.pair.image?.suspend());
  await all.run(splitMirrors([local], false, "split"));
  // Hosts are everywhere while image and base are copied: no set has two neighbours that are alike for long.
  await all.scatter();
  const { pair, volume } = all;
  const copies = volume.taps.flatMap((tap) => (tap instanceof CopyOut ? [tap.tracks.left.count] : []));
  const imageTracks = [...(pair.image?.image.changedTracks() ?? [])].length;
  // What the other end and the mirror lack, what the image knows as changed, and what it and the base still need.
  expect([pair.pending.dirty.count, local.pending.dirty.count, imageTracks]).toEqual([WRITES, WRITES, WRITES]);
  expect(copies).toHaveLength(1);
  expect(copies[0]).toBeGreaterThan(TRACKS * 0.9);
  expect(all.bytes).toBeGreaterThan(4 * (TRACKS / 8));
  expect(all.bytes).toBeLessThanOrEqual(MIB);
});

test("the track status tables of a restore take at most 4 bits a track (CR-3)", async () => {
  const marks = new HollowDisk(MIB, MIB);
  const disk = new HollowDisk(SIZE_BYTES);
  const runtime = testRuntime();
  const volume = new Volume("pvol", disk, TRACK_BYTES, runtime);
  const beforeBytes = heldBytes();
  const left = new Bitmap(TRACKS);
  const place = { pairId: 1, offsetBytes: 0, trackCount: TRACKS };
  const tracks = new TrackCopy(left, new IntentBitmap(marks, place, (track) => left.has(track), left), TRACK_BYTES);
  const copy = new CopyIn({ volume, source: disk, tracks, runtime, name: "g", from: "mirror", id: 1 });
  await tracks.begin(everySecond());
  for (let track = 0; track < TRACKS; track += 3) copy.altered.set(track);
  expect(heldBytes() - beforeBytes).toBeGreaterThan(TRACKS / 8);
  expect(heldBytes() - beforeBytes).toBeLessThanOrEqual(TRACKS / 2);
  expect(copy.tracks.left.count).toBe(TRACKS / 2);
});

function* everySecond(): Generator<number> {
  for (let track = 0; track < TRACKS; track += 2) yield track;
}
