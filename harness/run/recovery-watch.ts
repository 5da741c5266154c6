import { NS_PER_MS } from "../../engine/ports/index.ts";
import type { RecoveryTimes } from "../history/run-record.ts";
import type { Topology } from "../plan/topology.ts";
import type { RunWorld } from "../world/run-world.ts";

/** A write that takes so long, with no other done meanwhile, is an outage for its host. */
const OUTAGE_NS_MIN = 100 * NS_PER_MS;
/** Times kept of a kind; later ones are not. */
const TIMES_MAX = 4096;

interface PairWatch {
  readonly name: string;
  /** Until it was DUPLEX once there is nothing to recover. */
  isMade: boolean;
  apartSinceNs: number;
  copySinceNs: number;
  lastDoneNs: number;
  /** Of the first write that was not done since {@link lastDoneNs}; -1 for none. */
  unservedSinceNs: number;
}

/** Measures how long remote mirrors are apart, resyncs take, and hosts can write to neither side. */
export class RecoveryWatch {
  readonly #world: RunWorld;
  readonly #pairs: readonly PairWatch[];
  /** By volume. */
  readonly #pairOf = new Map<string, PairWatch>();
  readonly #hostOutagesMs: number[] = [];
  readonly #apartMs: number[] = [];
  readonly #resyncsMs: number[] = [];
  #requests = 0;
  #requestsDone = 0;

  constructor(world: RunWorld, { pairs }: Topology) {
    this.#world = world;
    const remote = pairs.filter(({ link }) => link !== undefined);
    this.#pairs = remote.map(({ name, primary, secondary }) => {
      const watch = { name, isMade: false, apartSinceNs: -1, copySinceNs: -1, lastDoneNs: 0, unservedSinceNs: -1 };
      this.#pairOf.set(primary, watch).set(secondary, watch);
      return watch;
    });
  }

  times(): RecoveryTimes {
    return {
      hostRequests: this.#requests,
      hostRequestsDone: this.#requestsDone,
      hostOutagesMs: this.#hostOutagesMs,
      apartMs: this.#apartMs,
      resyncsMs: this.#resyncsMs,
    };
  }

  /** A host makes a request; the function returned is to be called at its end. */
  requested(volume: string, isWrite: boolean): (isDone: boolean) => void {
    const issuedNs = this.#world.nowNs();
    this.#requests++;
    return (isDone) => {
      if (isDone) this.#requestsDone++;
      const pair = this.#pairOf.get(volume);
      if (pair === undefined || !isWrite) return;
      const sinceNs = pair.unservedSinceNs < 0 ? Math.max(issuedNs, pair.lastDoneNs) : pair.unservedSinceNs;
      pair.unservedSinceNs = isDone ? -1 : sinceNs;
      if (!isDone) return;
      const nowNs = this.#world.nowNs();
      pair.lastDoneNs = nowNs;
      if (nowNs - sinceNs >= OUTAGE_NS_MIN) keep(this.#hostOutagesMs, nowNs - sinceNs);
    };
  }

  /** A system may say something else of itself than before. */
  look(): void {
    const nowNs = this.#world.nowNs();
    for (const pair of this.#pairs) {
      const reports = this.#world.systems.flatMap(({ serving }) =>
        (serving?.pairs() ?? []).filter((report) => report.pair === pair.name),
      );
      const isDuplex = reports.length === 2 && reports.every(({ status }) => status === "DUPLEX");
      const isCopied = reports.some(({ status }) => status === "COPY");
      if (isDuplex) {
        if (pair.apartSinceNs >= 0) keep(this.#apartMs, nowNs - pair.apartSinceNs);
        if (pair.copySinceNs >= 0) keep(this.#resyncsMs, nowNs - pair.copySinceNs);
        pair.isMade = true;
        pair.apartSinceNs = -1;
        pair.copySinceNs = -1;
      } else if (pair.isMade) {
        if (pair.apartSinceNs < 0) pair.apartSinceNs = nowNs;
        if (!isCopied) pair.copySinceNs = -1;
        else if (pair.copySinceNs < 0) pair.copySinceNs = nowNs;
      }
    }
  }
}

function keep(times: number[], ns: number): void {
  if (times.length < TIMES_MAX) times.push(Math.round(ns / NS_PER_MS));
}
