import { SECTOR_BYTES } from "../../engine/ports/index.ts";
import type { Failure, Invariant } from "../history/run-record.ts";
import type { ImageReport, JournalReport, PairReport, PendingView, RestoreReport } from "../target/target.ts";
import type { DiskChange } from "../world/run-world.ts";
import { type Checker, type CheckerConfig, type CheckResult, createChecker } from "./checker.ts";

export const STAGE_TRACK_BYTES = 4 * SECTOR_BYTES;

export interface StagePair {
  readonly name: string;
  readonly primary: string;
  readonly secondary: string;
  readonly mode: "sync" | "async";
}

/** Disks, reports and pending bits set by hand, wired to a checker: histories are played on it. */
export class Stage {
  readonly checker: Checker;
  readonly disks = new Map<string, Uint8Array>();
  /** Systems that are down. */
  readonly down = new Set<string>();
  /** By system and pair: `a pair`. */
  readonly pending = new Map<string, Set<number>>();
  readonly reports = new Map<string, PairReport>();
  readonly faults = new Map<string, string>();
  /** By volume. */
  readonly images = new Map<string, ImageReport>();
  readonly journals = new Map<string, JournalReport>();
  readonly restores = new Map<string, RestoreReport>();
  nowNs = 0;
  #restoreCount = 1;
  /** By volume: of the restore that runs, or goes on after a crash. */
  readonly #restoreIds = new Map<string, number>();

  /** @param alone volumes in no pair. @param kept what is kept of which volumes, and how the world is looked at. @param make the judge */
  constructor(
    pairs: readonly StagePair[],
    sectorCount = 32,
    alone: readonly string[] = [],
    kept: Pick<CheckerConfig, "images" | "journals" | "saidSince"> = {},
    make: (config: CheckerConfig) => Checker = createChecker,
  ) {
    for (const volume of alone) this.disks.set(volume, new Uint8Array(sectorCount * SECTOR_BYTES));
    const bases = kept.journals?.map(({ base }) => base);
    for (const pair of pairs) {
      const { name, primary, secondary } = pair;
      for (const [volume, role] of [
        [primary, "primary"],
        [secondary, "secondary"],
      ] as const) {
        if (!this.disks.has(volume)) this.disks.set(volume, new Uint8Array(sectorCount * SECTOR_BYTES));
        const [system, bare] = volume.split("/") as [string, string];
        this.pending.set(`${system} ${name}`, new Set());
        this.reports.set(keyOf(system, name, isLocal(pair) && role === "secondary"), {
          pair: name,
          copyType: isLocal(pair) ? "local" : "remote",
          volume: bare,
          role,
          status: "DUPLEX",
          suspension: "",
          consistent: true,
          connected: true,
          generation: "1",
          pendingTracks: 0,
        });
      }
    }
    this.checker = make({
      disks: [...this.disks].map(([volume, bytes]) => ({
        volume,
        sizeBytes: bytes.length,
        reserved: bases?.includes(volume) === true,
        peek: (offsetBytes, lengthBytes) => bytes.subarray(offsetBytes, offsetBytes + lengthBytes),
        faultAt: (offsetBytes) => this.faults.get(`${volume} ${offsetBytes / SECTOR_BYTES}`),
      })),
      pairs: pairs.map((pair) => ({
        ...pair,
        link: isLocal(pair) ? `local/${pair.name}` : "link",
        trackBytes: STAGE_TRACK_BYTES,
      })),
      ...kept,
      live: (system) =>
        this.down.has(system)
          ? undefined
          : {
              pairs: () =>
                [...this.reports].filter(([key]) => key.startsWith(`${system} `)).map(([, report]) => report),
              pending: (pair) => {
                const tracks = this.pending.get(`${system} ${pair}`);
                return tracks && viewOf(tracks);
              },
              images: () => reportsOf(this.images, system),
              journals: () => reportsOf(this.journals, system),
              restores: () => reportsOf(this.restores, system),
            },
      nowNs: () => this.nowNs,
    });
  }

  /** Changes what a system says of a pair; of a local one, of its primary volume. */
  report(system: string, pair: string, change: Partial<PairReport>): void {
    this.#report(keyOf(system, pair, false), change);
  }

  /** Changes what a system says of the secondary volume of a local pair. */
  reportMirror(system: string, pair: string, change: Partial<PairReport>): void {
    this.#report(keyOf(system, pair, true), change);
  }

  #report(key: string, change: Partial<PairReport>): void {
    this.reports.set(key, { ...(this.reports.get(key) as PairReport), ...change });
    this.checker.observe();
  }

  /** A restore of the volume runs; without tracks that are left, it is over. */
  restoring(
    volume: string,
    left: readonly number[],
    altered: readonly number[] = [],
    from: "mirror" | "image" = "mirror",
  ): void {
    const [, bare] = volume.split("/") as [string, string];
    const tracks = { left: viewOf(new Set(left)), altered: viewOf(new Set(altered)) };
    const id = this.#restoreIds.get(volume) ?? this.#restoreCount++;
    if (left.length > 0) this.#restoreIds.set(volume, id);
    else this.#restoreIds.delete(volume);
    const report = { volume: bare, from, id, doneTracks: 0, totalTracks: 1, ...tracks } as const;
    if (left.length > 0) this.restores.set(volume, report);
    else this.restores.delete(volume);
    this.checker.observe();
  }

  /** Puts bytes on a disk and tells the checker. */
  put(volume: string, sector: number, data: Uint8Array, reason: DiskChange["reason"] = "write"): void {
    this.#put(volume, sector, data, { reason });
  }

  /** A request reaches these sectors, and the disk refuses it. */
  putRefused(volume: string, sector: number, data: Uint8Array): void {
    this.#put(volume, sector, data, { reason: "write", isRefused: true });
  }

  #put(volume: string, sector: number, data: Uint8Array, why: Pick<DiskChange, "reason" | "isRefused">): void {
    this.nowNs += 1000;
    (this.disks.get(volume) as Uint8Array).set(data, sector * SECTOR_BYTES);
    this.checker.diskChanged(volume, { offsetBytes: sector * SECTOR_BYTES, lengthBytes: data.length, ...why });
  }

  kill(system: string): void {
    this.checker.systemDown(system, "kill");
    this.down.add(system);
  }

  start(system: string): void {
    this.down.delete(system);
    this.checker.systemUp(system);
  }

  content(volume: string, sector: number, count = 1): Uint8Array {
    return (this.disks.get(volume) as Uint8Array).slice(sector * SECTOR_BYTES, (sector + count) * SECTOR_BYTES);
  }

  /** Issues a write that a host waits for. */
  issue(volume: string, sector: number, data: Uint8Array, fua = false): number {
    this.nowNs += 1000;
    return this.checker.write({ host: "h1", volume, offsetBytes: sector * SECTOR_BYTES, data, fua });
  }

  /**
   * A write from its issue to its acknowledgement, on all of `volumes`; the first is the host's.
   * Its tracks are pending while it is on its way.
   */
  write(volumes: readonly string[], sector: number, data: Uint8Array): number {
    const [system] = (volumes[0] as string).split("/") as [string];
    const passing: (() => void)[] = [];
    for (const [key, tracks] of this.pending) {
      if (volumes.length === 1 || !key.startsWith(`${system} `)) continue;
      for (let at = sector * SECTOR_BYTES; at < sector * SECTOR_BYTES + data.length; at += SECTOR_BYTES) {
        const track = Math.floor(at / STAGE_TRACK_BYTES);
        if (tracks.has(track)) continue;
        tracks.add(track);
        passing.push(() => tracks.delete(track));
      }
    }
    const operation = this.issue(volumes[0] as string, sector, data);
    for (const volume of volumes) this.put(volume, sector, data);
    for (const pass of passing) pass();
    this.checker.acknowledged(operation);
    return operation;
  }

  flush(volume: string): void {
    this.checker.acknowledged(this.checker.flush({ host: "h1", volume }));
  }

  read(volume: string, sector: number, data: Uint8Array): void {
    const range = { host: "h1", volume, offsetBytes: sector * SECTOR_BYTES, lengthBytes: data.length };
    this.checker.readDone(this.checker.read(range), data);
  }
}

function viewOf(tracks: ReadonlySet<number>): PendingView {
  return { trackBytes: STAGE_TRACK_BYTES, has: (track) => tracks.has(track) };
}

/** What a system reports of its volumes. */
function reportsOf<R>(reports: ReadonlyMap<string, R>, system: string): R[] {
  return [...reports].filter(([volume]) => volume.startsWith(`${system}/`)).map(([, report]) => report);
}

function isLocal({ primary, secondary }: StagePair): boolean {
  return primary.slice(0, primary.indexOf("/")) === secondary.slice(0, secondary.indexOf("/"));
}

function keyOf(system: string, pair: string, isMirror: boolean): string {
  return `${system} ${pair}${isMirror ? " mirror" : ""}`;
}

/** One pair `pair` from `a/pvol` to `b/svol`. */
export const onePair = (mode: "sync" | "async"): StagePair[] => [
  { name: "pair", primary: "a/pvol", secondary: "b/svol", mode },
];

/** `count` sectors that tell where and which they are. */
export function sectors(tag: number, count = 1): Uint8Array {
  const data = new Uint8Array(count * SECTOR_BYTES);
  const words = new Uint32Array(data.buffer);
  for (let index = 0; index < words.length; index++) words[index] = Math.imul(tag * 4096 + index + 1, 0x9e3779b1);
  return data;
}

/** The rules that failed. */
export function failed(result: CheckResult): Invariant[] {
  return Object.entries(result.invariants)
    .filter(([, verdict]) => verdict === "FAIL")
    .map(([rule]) => rule as Invariant);
}

/** The one failure of a rule. */
export function failureOf(result: CheckResult, rule: Invariant): Failure {
  const [failure, ...more] = result.failures.filter((one) => one.rule === rule);
  if (failure === undefined || more.length > 0)
    throw new Error(`${rule}: not one failure: ${JSON.stringify(result.failures)}`);
  return failure;
}
