import { NS_PER_MS, SECTOR_BYTES } from "../../engine/ports/index.ts";
import type { AcknowledgedLoss } from "../check/checker.ts";
import type { AnyFault } from "../fault/index.ts";
import { MIRROR_STATES, type MirrorState } from "../history/mirror-state.ts";
import type { RecoverySample, RecoveryTimes } from "../history/run-record.ts";
import type { Topology } from "../plan/topology.ts";
import type { RunWorld } from "../world/run-world.ts";

/** A write that takes so long, with no other done meanwhile, is an outage for its host. */
const OUTAGE_NS_MIN = 100 * NS_PER_MS;
/** Times kept of a kind; later ones are not. */
const TIMES_MAX = 4096;
/** Faults that are remembered; of more, the first are forgotten. */
const FAULTS_MAX = 1024;

interface Struck {
  readonly fault: AnyFault;
  readonly kind: string;
  readonly atNs: number;
  untilNs: number;
}

interface PairWatch {
  readonly name: string;
  readonly primary: string;
  readonly secondary: string;
  duplexSinceNs: number;
  /** What it was before it was not DUPLEX any more. */
  apartFault: string;
  /** To a host at its primary. */
  lastAcknowledgedNs: number;
  /** Writes of hosts at its secondary: those under way, and when the last one was done. */
  writesAtSecondary: number;
  lastAtSecondaryNs: number;
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
  readonly #samples: RecoverySample[] = [];
  readonly #faults: Struck[] = [];
  #requests = 0;
  #requestsDone = 0;

  constructor(world: RunWorld, { pairs }: Topology) {
    this.#world = world;
    const remote = pairs.filter(({ link }) => link !== undefined);
    this.#pairs = remote.map(({ name, primary, secondary }) => {
      const watch: PairWatch = {
        ...{
          name,
          primary,
          secondary,
          writesAtSecondary: 0,
          lastAtSecondaryNs: -1,
          isMade: false,
          duplexSinceNs: -1,
          apartFault: "none",
          lastAcknowledgedNs: 0,
        },
        ...{ apartSinceNs: -1, copySinceNs: -1, lastDoneNs: 0, unservedSinceNs: -1 },
      };
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
      samples: this.#samples,
    };
  }

  /** A fault of the plan was injected just now. */
  struck(fault: AnyFault): void {
    const atNs = this.#world.nowNs();
    const untilNs = fault.kind === "crash" ? atNs : Number.POSITIVE_INFINITY;
    this.#faults.push({ fault, kind: fault.kind, atNs, untilNs });
    if (this.#faults.length > FAULTS_MAX) this.#faults.splice(0, FAULTS_MAX / 2);
  }

  /** It has come to its end. A crash is a moment: how long its system is down is not for the fault to say. */
  healed(fault: AnyFault): void {
    const struck = this.#faults.findLast((one) => one.fault === fault);
    if (struck !== undefined) struck.untilNs = Math.min(struck.untilNs, this.#world.nowNs());
  }

  /**
   * A takeover, given at `givenNs`, was carried out just now.
   *
   * @returns to be called with what its side lacks of what hosts were told is written, once that is known; `undefined`: not measured
   */
  takenOver(name: string, givenNs: number): ((lost: AcknowledgedLoss | undefined) => void) | undefined {
    const pair = this.#pairs.find((watch) => watch.name === name);
    if (pair === undefined || !pair.isMade) return undefined;
    const { lastAcknowledgedNs } = pair;
    const fault = this.#lastFault();
    const takenNs = this.#world.nowNs();
    return (lost) => {
      // Where disks are looked at later, hosts at the new primary may have written over what it lacks.
      const isLater = this.#world.nowNs() > takenNs;
      if (isLater && (pair.writesAtSecondary > 0 || pair.lastAtSecondaryNs >= givenNs)) return;
      if (lost === undefined) return;
      const { sectorCount, oldestNs } = lost;
      const ms = sectorCount === 0 ? 0 : msOf(lastAcknowledgedNs - oldestNs);
      this.#sample({ measure: "rpo", fault, ms, bytes: sectorCount * SECTOR_BYTES });
    };
  }

  /** A host makes a request; the function returned is to be called at its end. */
  requested(volume: string, isWrite: boolean): (isDone: boolean) => void {
    const issuedNs = this.#world.nowNs();
    this.#requests++;
    const pair = this.#pairOf.get(volume);
    const isAtSecondary = isWrite && volume === pair?.secondary;
    if (isAtSecondary) pair.writesAtSecondary++;
    return (isDone) => {
      if (isDone) this.#requestsDone++;
      if (isAtSecondary) pair.writesAtSecondary--;
      if (isAtSecondary && isDone) pair.lastAtSecondaryNs = this.#world.nowNs();
      if (pair === undefined || !isWrite) return;
      const sinceNs = pair.unservedSinceNs < 0 ? Math.max(issuedNs, pair.lastDoneNs) : pair.unservedSinceNs;
      pair.unservedSinceNs = isDone ? -1 : sinceNs;
      if (!isDone) return;
      const nowNs = this.#world.nowNs();
      if (nowNs - sinceNs >= OUTAGE_NS_MIN) this.#outage(sinceNs, pair.lastDoneNs, nowNs);
      pair.lastDoneNs = nowNs;
      if (volume === pair.primary) pair.lastAcknowledgedNs = nowNs;
    };
  }

  /** What mirrors are like just now. */
  mirrorState(): MirrorState {
    const states = this.#pairs.map(({ name, isMade }): MirrorState => {
      const statuses = this.#statusesOf(name);
      if (statuses.includes("COPY")) return isMade ? "resync" : "COPY";
      if (statuses.includes("SPLIT")) return "SPLIT";
      return statuses.includes("DUPLEX") ? "DUPLEX" : isMade ? "SPLIT" : "SIMPLEX";
    });
    return MIRROR_STATES.findLast((state) => states.includes(state)) ?? "SIMPLEX";
  }

  #statusesOf(name: string): readonly string[] {
    return this.#world.systems.flatMap(({ serving }) =>
      (serving?.pairs() ?? []).filter(({ pair }) => pair === name).map(({ status }) => status),
    );
  }

  /** A system may say something else of itself than before. */
  look(): void {
    const nowNs = this.#world.nowNs();
    for (const pair of this.#pairs) {
      const statuses = this.#statusesOf(pair.name);
      const isDuplex = statuses.length === 2 && statuses.every((status) => status === "DUPLEX");
      const isCopied = statuses.includes("COPY");
      if (isDuplex) {
        if (pair.apartSinceNs >= 0) keep(this.#apartMs, nowNs - pair.apartSinceNs);
        if (pair.copySinceNs >= 0) {
          keep(this.#resyncsMs, nowNs - pair.copySinceNs);
          this.#sample({ measure: "resync", fault: pair.apartFault, ms: msOf(nowNs - pair.copySinceNs) });
        }
        pair.isMade = true;
        if (pair.duplexSinceNs < 0) pair.duplexSinceNs = nowNs;
        pair.apartSinceNs = -1;
        pair.copySinceNs = -1;
      } else if (pair.isMade) {
        if (pair.apartSinceNs < 0) {
          pair.apartSinceNs = nowNs;
          pair.apartFault = this.#faults.findLast(({ atNs }) => atNs >= pair.duplexSinceNs)?.kind ?? "none";
          pair.duplexSinceNs = -1;
        }
        if (!isCopied) pair.copySinceNs = -1;
        else if (pair.copySinceNs < 0) pair.copySinceNs = nowNs;
      }
    }
  }

  /** @param lastDoneNs of the write before it */
  #outage(sinceNs: number, lastDoneNs: number, nowNs: number): void {
    keep(this.#hostOutagesMs, nowNs - sinceNs);
    // Those that went on while the host waited, or struck since the last write that was done.
    const since = this.#faults.filter(({ atNs, untilNs }) => untilNs >= sinceNs || atNs >= lastDoneNs);
    const fault = since.findLast(({ atNs }) => atNs <= sinceNs) ?? since[0];
    const fromNs = Math.max(sinceNs, fault?.atNs ?? 0);
    this.#sample({ measure: "rto", fault: fault?.kind ?? "none", ms: msOf(nowNs - fromNs) });
  }

  #lastFault(): string {
    return this.#faults.at(-1)?.kind ?? "none";
  }

  #sample(sample: RecoverySample): void {
    if (this.#samples.length < TIMES_MAX) this.#samples.push(sample);
  }
}

function msOf(ns: number): number {
  return Math.round(ns / 1e3) / 1e3;
}

function keep(times: number[], ns: number): void {
  if (times.length < TIMES_MAX) times.push(Math.round(ns / NS_PER_MS));
}
