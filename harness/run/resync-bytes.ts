import { NS_PER_MS } from "../../engine/ports/index.ts";
import type { ResyncBytes } from "../plan/expectation.ts";
import type { Topology, TopologyPair } from "../plan/topology.ts";
import type { PairStatus } from "../target/target.ts";
import { differences } from "../world/sim/disk/index.ts";
import type { LoggedStep, RunWorld } from "../world/run-world.ts";
import type { Measure } from "./measures.ts";

/**
 * What was written or copied this long before the pair is suspended is no longer in flight: a peer that is
 * silent for 4 s of a clock that may be slow is given up, and a mark that nobody needs is cleared soon. Only
 * what an end holds for pending counts in any case.
 */
const IN_FLIGHT_NS = 5500 * NS_PER_MS;
/** A host write that is younger than this when a resync begins may not have reached the disks yet. */
const ON_ITS_WAY_NS = 10 * NS_PER_MS;
/** What a host write that goes out during a resync costs besides its data: its frame, and acknowledgements. */
const WRITE_OVERHEAD_BYTES = 256;

/** A remote pair of the link, as its ends and its hosts show it. */
interface Watched {
  readonly pair: TopologyPair;
  readonly trackBytes: number;
  /** By system: what its end last said. */
  readonly status: Map<string, PairStatus>;
  /** By track: when a host last wrote to it, at either end, or a resync was done with it. */
  readonly touched: Map<number, number>;
  /** What the resync that runs set out to copy, by the word of the ends. */
  readonly copying: Set<number>;
  /** Sent, and not known to be durable at the other end when the pair was suspended. */
  readonly inFlight: Set<number>;
  /** It was copied as a whole once. */
  isMade: boolean;
  /** What the resync that runs, or the one that was broken off, may copy. */
  allowed: ReadonlySet<number>;
}

/** A time in which pairs of the link were being resynchronised. */
interface Window {
  readonly startBytes: number;
  readonly startNs: number;
  tracks: number;
  /** What may have crossed the link. */
  budgetBytes: number;
}

/**
 * Counts the bytes over a link while its pairs are being resynchronised, both ways and with all
 * overhead, against the tracks that differ as the disks themselves show, and those in flight.
 */
export class ResyncBytesMeasure implements Measure {
  readonly #expectation: ResyncBytes;
  readonly #world: RunWorld;
  readonly #pairs: readonly Watched[];
  readonly #exceeded: string[] = [];
  /** When a system went down that did not speak since. */
  readonly #downNs = new Map<string, number>();
  #windows = 0;
  #window: Window | undefined;
  /** Where the link stood when a resync was asked for; its request and bitmap count too. */
  #requested: { readonly bytes: number; readonly timeNs: number } | undefined;

  constructor(expectation: ResyncBytes, topology: Topology, world: RunWorld) {
    this.#expectation = expectation;
    this.#world = world;
    const volumes = topology.systems.flatMap((system) => system.volumes);
    this.#pairs = topology.pairs
      .filter(({ link }) => link === expectation.link)
      .map((pair) => ({
        pair,
        trackBytes: volumes.find(({ name }) => name === pair.primary)?.trackBytes ?? 0,
        status: new Map(),
        touched: new Map(),
        copying: new Set(),
        inFlight: new Set(),
        allowed: new Set(),
        isMade: false,
      }));
  }

  step(_system: string, { name, fields }: LoggedStep): void {
    if (name === "resync.requested" && this.#pairs.some(({ pair }) => pair.name === fields["pair"]))
      this.#requested = { bytes: this.#carried(), timeNs: this.#world.nowNs() };
    this.#lookAtAll();
  }

  #lookAtAll(): void {
    for (const watched of this.#pairs) this.#look(watched);
    for (const { name, serving } of this.#world.systems) if (serving !== undefined) this.#downNs.delete(name);
    this.#endWindow();
  }

  hostWrite(volume: string, offsetBytes: number, lengthBytes: number): void {
    for (const { pair, trackBytes, touched } of this.#pairs) {
      if (pair.primary !== volume && pair.secondary !== volume) continue;
      const last = Math.floor((offsetBytes + lengthBytes - 1) / trackBytes);
      for (let track = Math.floor(offsetBytes / trackBytes); track <= last; track++)
        touched.set(track, this.#world.nowNs());
      // It crosses the link by itself, or its tracks are copied, once, among the others.
      if (this.#window !== undefined)
        this.#window.budgetBytes += lengthBytes * this.#expectation.factor + WRITE_OVERHEAD_BYTES;
    }
  }

  /** What it says of itself after its return is new, and is about the moment when it went down. */
  systemDown(system: string): void {
    for (const { status } of this.#pairs) status.delete(system);
    this.#downNs.set(system, this.#world.nowNs());
  }

  failures(): readonly string[] {
    this.#lookAtAll();
    if (this.#windows === 0) return [`no resync over ${this.#expectation.link} came to its end, so none was measured`];
    return this.#exceeded;
  }

  #look(watched: Watched): void {
    const { pair, status, inFlight } = watched;
    const before = [...status.values()];
    for (const { name, serving } of this.#world.systems) {
      const report = serving?.pairs().find((candidate) => candidate.pair === pair.name);
      if (report === undefined || status.get(name) === report.status) continue;
      status.set(name, report.status);
      // What it holds for pending now was in flight, if a host wrote it or a resync copied it just before.
      if (report.status === "SPLIT") this.#addInFlight(watched, name);
    }
    const now = [...status.values()];
    if (!before.includes("COPY") && now.includes("COPY")) this.#begin(watched);
    if (now.length === 2 && now.every((one) => one === "DUPLEX") && before.includes("COPY")) {
      for (const track of watched.copying) watched.touched.set(track, this.#world.nowNs());
      watched.copying.clear();
      watched.isMade = true;
      inFlight.clear();
      watched.allowed = new Set();
    }
  }

  /** Calls `take` with every track that an end holds for pending. */
  #eachPending({ pair, trackBytes }: Watched, system: string, take: (track: number) => void): void {
    const pending = this.#world.system(system).serving?.pending(pair.name);
    if (pending === undefined) return;
    const trackCount = Math.ceil(this.#world.view(pair.primary).sizeBytes / trackBytes);
    for (let track = 0; track < trackCount; track++) if (pending.has(track)) take(track);
  }

  #addInFlight(watched: Watched, system: string): void {
    const { touched, inFlight, allowed } = watched;
    const nowNs = this.#downNs.get(system) ?? this.#world.nowNs();
    const isRecent = (track: number): boolean => {
      const atNs = touched.get(track);
      return (atNs !== undefined && nowNs - atNs <= IN_FLIGHT_NS) || allowed.has(track);
    };
    this.#eachPending(watched, system, (track) => {
      if (isRecent(track)) inFlight.add(track);
    });
  }

  #begin(watched: Watched): void {
    const { pair, trackBytes, inFlight, touched } = watched;
    const tracks = new Set(inFlight);
    for (const [track, atNs] of touched) if (this.#world.nowNs() - atNs <= ON_ITS_WAY_NS) tracks.add(track);
    const primary = this.#world.view(pair.primary);
    for (const { offsetBytes, lengthBytes } of differences(primary, this.#world.view(pair.secondary))) {
      const last = Math.floor((offsetBytes + lengthBytes - 1) / trackBytes);
      for (let track = Math.floor(offsetBytes / trackBytes); track <= last; track++) tracks.add(track);
    }
    // What a restore has not brought yet is not on the disks, and differs as well.
    const trackCount = Math.ceil(primary.sizeBytes / trackBytes);
    for (const { volume, left } of this.#world.systems.flatMap(({ serving }) => serving?.restores() ?? [])) {
      if (volume !== pair.primary && volume !== pair.secondary) continue;
      for (let track = 0; track < trackCount; track++) if (left.has(track)) tracks.add(track);
    }
    watched.allowed = tracks;
    for (const name of watched.status.keys()) this.#eachPending(watched, name, (track) => watched.copying.add(track));
    if (!watched.isMade) return;
    const { factor, plusBytes } = this.#expectation;
    const start = this.#requested ?? { bytes: this.#carried(), timeNs: this.#world.nowNs() };
    this.#window ??= { startBytes: start.bytes, startNs: start.timeNs, tracks: 0, budgetBytes: 0 };
    this.#window.tracks += tracks.size;
    this.#window.budgetBytes += tracks.size * trackBytes * factor + plusBytes;
  }

  #endWindow(): void {
    const window = this.#window;
    if (window === undefined || this.#pairs.some(({ status }) => [...status.values()].includes("COPY"))) return;
    this.#window = undefined;
    this.#requested = undefined;
    this.#windows++;
    const bytes = this.#carried() - window.startBytes;
    if (bytes <= window.budgetBytes) return;
    this.#exceeded.push(
      `the resync at ${window.startNs / NS_PER_MS} ms took ${bytes} bytes over ${this.#expectation.link}, ` +
        `at most ${Math.floor(window.budgetBytes)} for ${window.tracks} tracks that differed or were in flight`,
    );
  }

  #carried(): number {
    return this.#world.link(this.#expectation.link).carriedBytes;
  }
}
