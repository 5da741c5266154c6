import { NS_PER_MS } from "../../engine/ports/index.ts";
import type { ResyncBytes } from "../plan/expectation.ts";
import type { Topology, TopologyPair } from "../plan/topology.ts";
import type { PairStatus } from "../target/target.ts";
import { CHUNK_BYTES, differences, sameBytes } from "../world/sim/disk/index.ts";
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
/** The same where disks are looked at now and then, and systems are heard late. */
const LATE_NS = 1000 * NS_PER_MS;
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
  /** By system that was suspended: when. Only where what is pending is asked for, and told a little later. */
  readonly suspendedNs: Map<string, number>;
  /** Where looks come late: tracks that differed at any of them since the suspension. */
  readonly differed: Set<number>;
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
  /** How often a resync began in it, as far as it was seen. */
  begins: number;
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
  readonly #isLate: boolean;
  readonly #onItsWayNs: number;
  /** The last ones, where systems are heard late. */
  #writes: { readonly timeNs: number; readonly lengthBytes: number }[] = [];
  /** How often a resync was asked for since the last window. */
  #requests = 0;
  /** Where the link stood when a resync was asked for; its request and bitmap count too. */
  #requested: { readonly bytes: number; readonly timeNs: number } | undefined;

  constructor(expectation: ResyncBytes, topology: Topology, world: RunWorld) {
    this.#expectation = expectation;
    this.#world = world;
    this.#isLate = world.kind === "containers";
    this.#onItsWayNs = this.#isLate ? LATE_NS : ON_ITS_WAY_NS;
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
        suspendedNs: new Map(),
        differed: new Set(),
        allowed: new Set(),
        isMade: false,
      }));
    if (this.#isLate) for (const watched of this.#pairs) this.#watchDisks(watched);
  }

  step(_system: string, { name, fields }: LoggedStep): void {
    const asking = this.#pairs.find(({ pair }) => pair.name === fields["pair"]);
    if (name === "resync.requested" && asking !== undefined) {
      this.#requested = { bytes: this.#carried(), timeNs: this.#world.nowNs() };
      this.#requests++;
      // That the one before was broken off was not heard of.
      if (this.#isLate && this.#window !== undefined && this.#requests > this.#window.begins) this.#begin(asking);
    }
    this.#lookAtAll();
  }

  /** Until a resync is heard of, it may have made a part of the volumes equal. */
  #watchDisks({ pair, trackBytes, differed }: Watched): void {
    for (const volume of [pair.primary, pair.secondary])
      this.#world.onChange(volume, ({ offsetBytes, lengthBytes }) => {
        if (this.#isSame(pair, offsetBytes, lengthBytes)) return;
        for (const track of tracksOf(offsetBytes, lengthBytes, trackBytes)) differed.add(track);
      });
  }

  #isSame({ primary, secondary }: TopologyPair, offsetBytes: number, lengthBytes: number): boolean {
    const [one, two] = [this.#world.view(primary), this.#world.view(secondary)];
    const endBytes = Math.min(one.sizeBytes, offsetBytes + lengthBytes);
    // In pieces of which disks give views, not copies; what neither was written to is one and the same view.
    for (let at = offsetBytes; at < endBytes; ) {
      const pieceBytes = Math.min(endBytes - at, CHUNK_BYTES - (at % CHUNK_BYTES));
      const [left, right] = [one.peek(at, pieceBytes), two.peek(at, pieceBytes)];
      const isOne = left.buffer === right.buffer && left.byteOffset === right.byteOffset;
      if (!isOne && !sameBytes(left, right)) return false;
      at += pieceBytes;
    }
    return true;
  }

  #lookAtAll(): void {
    for (const watched of this.#pairs) this.#look(watched);
    for (const { name, serving } of this.#world.systems) if (serving !== undefined) this.#downNs.delete(name);
    this.#endWindow();
  }

  hostWrite(volume: string, offsetBytes: number, lengthBytes: number): void {
    for (const { pair, trackBytes, touched } of this.#pairs) {
      if (pair.primary !== volume && pair.secondary !== volume) continue;
      for (const track of tracksOf(offsetBytes, lengthBytes, trackBytes)) touched.set(track, this.#world.nowNs());
      if (this.#isLate) this.#writes.push({ timeNs: this.#world.nowNs(), lengthBytes });
      // It crosses the link by itself, or its tracks are copied, once, among the others.
      if (this.#window !== undefined) this.#window.budgetBytes += this.#costOf(lengthBytes);
    }
  }

  #costOf(lengthBytes: number): number {
    return lengthBytes * this.#expectation.factor + WRITE_OVERHEAD_BYTES;
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
      if (report.status !== "SPLIT") continue;
      if (this.#isLate) watched.suspendedNs.set(name, this.#downNs.get(name) ?? this.#world.nowNs());
      else this.#addInFlight(watched, name, this.#downNs.get(name) ?? this.#world.nowNs());
    }
    const now = [...status.values()];
    const wasDuplex = before.length === 2 && before.every((one) => one === "DUPLEX");
    // What differed while it was DUPLEX was on its way, and has arrived since.
    if (wasDuplex && now.includes("SPLIT"))
      for (const track of watched.differed)
        if (this.#isSame(pair, track * watched.trackBytes, watched.trackBytes)) watched.differed.delete(track);
    if (!before.includes("COPY") && now.includes("COPY")) this.#begin(watched);
    if (now.length === 2 && now.every((one) => one === "DUPLEX") && before.includes("COPY")) {
      for (const track of watched.copying) watched.touched.set(track, this.#world.nowNs());
      watched.copying.clear();
      watched.isMade = true;
      // The next one may be heard of at its source before it is at the end that asked for it.
      if (this.#isLate) this.#requested = undefined;
      if (this.#window === undefined) this.#requests = 0;
      inFlight.clear();
      watched.suspendedNs.clear();
      watched.differed.clear();
      watched.allowed = new Set();
    }
  }

  /** Calls `take` with every track that an end holds for pending. */
  #eachPending({ pair, trackBytes }: Watched, system: string, take: (track: number) => void): void {
    const serving = this.#world.system(system).serving;
    const pending = serving?.pending(pair.name) ?? serving?.pendingOfSuspended?.(pair.name);
    if (pending === undefined) return;
    const trackCount = Math.ceil(this.#world.view(pair.primary).sizeBytes / trackBytes);
    for (let track = 0; track < trackCount; track++) if (pending.has(track)) take(track);
  }

  /** @param nowNs when it was suspended */
  #addInFlight(watched: Watched, system: string, nowNs: number): void {
    const { touched, inFlight, allowed } = watched;
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
    for (const [system, atNs] of watched.suspendedNs) this.#addInFlight(watched, system, atNs);
    const tracks = new Set([...inFlight, ...watched.differed]);
    for (const [track, atNs] of touched) if (this.#world.nowNs() - atNs <= this.#onItsWayNs) tracks.add(track);
    const primary = this.#world.view(pair.primary);
    for (const { offsetBytes, lengthBytes } of differences(primary, this.#world.view(pair.secondary))) {
      for (const track of tracksOf(offsetBytes, lengthBytes, trackBytes)) tracks.add(track);
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
    this.#window ??= {
      startBytes: start.bytes,
      startNs: start.timeNs,
      tracks: 0,
      budgetBytes: this.#lateBudget(),
      begins: 0,
    };
    this.#window.begins++;
    this.#window.tracks += tracks.size;
    this.#window.budgetBytes += tracks.size * trackBytes * factor + plusBytes;
  }

  /** What hosts wrote after the resync had begun, and before that was heard of. */
  #lateBudget(): number {
    const sinceNs = this.#world.nowNs() - LATE_NS;
    this.#writes = this.#writes.filter(({ timeNs }) => timeNs >= sinceNs);
    return this.#writes.reduce((bytes, { lengthBytes }) => bytes + this.#costOf(lengthBytes), 0);
  }

  #endWindow(): void {
    const window = this.#window;
    if (window === undefined || this.#pairs.some(({ status }) => [...status.values()].includes("COPY"))) return;
    this.#window = undefined;
    this.#requested = undefined;
    this.#requests = 0;
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

function* tracksOf(offsetBytes: number, lengthBytes: number, trackBytes: number): Generator<number> {
  const last = Math.floor((offsetBytes + lengthBytes - 1) / trackBytes);
  for (let track = Math.floor(offsetBytes / trackBytes); track <= last; track++) yield track;
}
