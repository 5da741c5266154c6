import { expect, test } from "vitest";
import { NS_PER_MS } from "../../engine/ports/index.ts";
import { KiB, mirror } from "../plan/index.ts";
import type { PairReport, PairStatus, TargetSystem } from "../target/target.ts";
import type { DiskChange, RunWorld } from "../world/run-world.ts";
import { SparseBytes } from "../world/sim/disk/index.ts";
import { ResyncBytesMeasure } from "./resync-bytes.ts";

const TRACK_BYTES = KiB(8);
const topology = mirror({ sizeBytes: KiB(256), mode: "sync" });

/** A world whose disks are looked at now and then, and whose systems are heard late. */
class LateWorld {
  nowNs = 0;
  carriedBytes = 0;
  readonly #disks = new Map([
    ["pvol", new SparseBytes(KiB(256))],
    ["svol", new SparseBytes(KiB(256))],
  ]);
  readonly #listeners = new Map<string, (change: DiskChange) => void>();
  readonly #status = new Map<string, PairStatus>();
  readonly pending = new Set<number>();
  readonly measure: ResyncBytesMeasure;

  constructor() {
    const systems = ["a", "b"].map((name) => ({ name, serving: this.#serving(name) }));
    const world = {
      kind: "containers",
      systems,
      nowNs: () => this.nowNs,
      system: (name: string) => systems.find((system) => system.name === name),
      view: (disk: string) => this.#disk(disk),
      onChange: (disk: string, listener: (change: DiskChange) => void) => this.#listeners.set(disk, listener),
      link: () => ({ carriedBytes: this.carriedBytes }),
    };
    const expectation = { kind: "resync-bytes", link: "link", factor: 1.05, plusBytes: 1000 } as const;
    this.measure = new ResyncBytesMeasure(expectation, topology, world as unknown as RunWorld);
  }

  #serving(name: string): TargetSystem {
    const report = (): PairReport => ({
      pair: "pair",
      volume: name === "a" ? "pvol" : "svol",
      role: name === "a" ? "primary" : "secondary",
      status: this.#status.get(name) ?? "SIMPLEX",
      suspension: "",
      consistent: true,
      connected: true,
      generation: "",
      pendingTracks: 0,
    });
    const view = { trackBytes: TRACK_BYTES, has: (track: number) => this.pending.has(track) };
    const serving: Pick<TargetSystem, "pairs" | "pending" | "pendingOfSuspended" | "restores"> = {
      pairs: () => [report()],
      pending: () => undefined,
      pendingOfSuspended: () => view,
      restores: () => [],
    };
    return serving as TargetSystem;
  }

  #disk(name: string): SparseBytes {
    const disk = this.#disks.get(name);
    if (disk === undefined) throw new Error(`no disk ${name}`);
    return disk;
  }

  say(status: PairStatus): void {
    this.nowNs += 100 * NS_PER_MS;
    for (const name of ["a", "b"]) this.#status.set(name, status);
    this.measure.step("a", { name: "status", fields: {} });
  }

  /** A track as a look shows it. */
  put(disk: string, track: number, fill: number): void {
    const offsetBytes = track * TRACK_BYTES;
    this.#disk(disk).put(offsetBytes, new Uint8Array(TRACK_BYTES).fill(fill));
    this.#listeners.get(disk)?.({ offsetBytes, lengthBytes: TRACK_BYTES, reason: "write" });
  }

  hostWrites(track: number): void {
    this.measure.hostWrite("pvol", track * TRACK_BYTES, TRACK_BYTES);
  }

  made(): this {
    this.measure.step("b", { name: "resync.requested", fields: { pair: "pair" } });
    this.carriedBytes += KiB(256);
    for (const status of ["COPY", "DUPLEX"] as const) this.say(status);
    this.nowNs += 10_000 * NS_PER_MS;
    return this;
  }
}

test.each([
  { crossed: 2, isTooMuch: false },
  { crossed: 3, isTooMuch: true },
])(
  "a resync that was heard of when a track had been copied already may copy it: $crossed tracks",
  ({ crossed, isTooMuch }) => {
    const world = new LateWorld().made();
    world.say("SPLIT");
    for (const track of [1, 2]) world.hostWrites(track);
    for (const track of [1, 2]) world.put("pvol", track, 5);
    world.nowNs += 10_000 * NS_PER_MS;
    world.put("svol", 1, 5);
    world.say("COPY");
    world.put("svol", 2, 5);
    world.carriedBytes += crossed * TRACK_BYTES;
    world.say("DUPLEX");
    expect(world.measure.failures()).toHaveLength(isTooMuch ? 1 : 0);
  },
);

test.each([
  { pending: true, isTooMuch: false },
  { pending: false, isTooMuch: true },
])(
  "what was written just before the suspension was in flight, if it is pending: $pending",
  ({ pending, isTooMuch }) => {
    const world = new LateWorld().made();
    world.hostWrites(7);
    world.put("pvol", 7, 9);
    world.put("svol", 7, 9);
    world.say("SPLIT");
    if (pending) world.pending.add(7);
    world.nowNs += 10_000 * NS_PER_MS;
    world.say("COPY");
    world.carriedBytes += TRACK_BYTES;
    world.say("DUPLEX");
    expect(world.measure.failures()).toHaveLength(isTooMuch ? 1 : 0);
  },
);
