import { SECTOR_BYTES } from "../../engine/ports/index.ts";
import type { CheckedDisk, CheckerConfig, LiveSystem, VolumeKey } from "./checker.ts";
import { DiskState } from "./disk-state.ts";
import { Findings } from "./findings.ts";
import { Incidents } from "./incidents.ts";
import { Moment } from "./moment.ts";
import type { Operation } from "./operation.ts";
import { PairState } from "./pair-state.ts";
import { Versions } from "./versions.ts";

/** Disks of one set of mirrored volumes have a bit each in a byte. */
const SET_DISKS_MAX = 8;

/** What all invariants share: the disks with their histories, the pairs, and what was found. */
export class Model {
  readonly disks: readonly DiskState[];
  readonly pairs: readonly PairState[];
  readonly findings: Findings;
  readonly incidents = new Incidents();
  readonly live: (system: string) => LiveSystem | undefined;
  readonly nowNs: () => number;
  /** Volumes that may still lack some of the content that they are to take over. */
  readonly restoring = new Set<DiskState>();
  /** Systems that went down and are not known to be back: what a crash took may be another volume's by now. */
  readonly down = new Set<string>();
  /** Answers and commands are told when they are given, and systems say how they are now. */
  readonly isInStep: boolean;
  readonly #saidSince: (() => number) | undefined;
  /** What was acknowledged before them may be told yet. */
  readonly #unsettled = new Set<Moment>();
  readonly #onReport: (pair: PairState, wasDuplex: boolean) => void;
  readonly #diskByVolume = new Map<VolumeKey, DiskState>();
  /** By the volume that was on the disk first. */
  readonly #diskByView = new Map<VolumeKey, DiskState>();
  readonly #pairsByDisk: readonly (readonly PairState[])[];
  readonly #mirrorsByDisk: readonly (readonly DiskState[])[];
  #order = 0;

  /** @param onReport told when a report of a pair changed, and whether both ends had said DUPLEX before */
  constructor(config: CheckerConfig, onReport: (pair: PairState, wasDuplex: boolean) => void) {
    this.#onReport = onReport;
    this.live = config.live;
    this.nowNs = config.nowNs;
    this.isInStep = config.saidSince === undefined;
    this.#saidSince = config.saidSince;
    this.findings = new Findings(config.nowNs);
    this.disks = diskStates(config);
    for (const disk of this.disks) {
      this.#diskByVolume.set(disk.volume, disk);
      this.#diskByView.set(disk.volume, disk);
    }
    this.pairs = config.pairs.map((pair) => new PairState(pair, this.disk(pair.primary), this.disk(pair.secondary)));
    this.#pairsByDisk = this.disks.map((disk) =>
      this.pairs.filter(({ sides }) => sides.some((side) => side.disk === disk)),
    );
    this.#mirrorsByDisk = this.disks.map((disk) => this.disks.filter((other) => other.versions === disk.versions));
  }

  /** The present moment; every call is a later one. */
  tick(): number {
    return ++this.#order;
  }

  /** The moment of the hook that runs. */
  get now(): number {
    return this.#order;
  }

  /** Since when what the systems say is so. */
  get saidSince(): number {
    return this.#saidSince?.() ?? this.#order;
  }

  /** A moment of the history of these volumes; see {@link Moment}. */
  moment(from: number, sources: Iterable<DiskState>, to = from): Moment {
    const moment = new Moment(from, sources, to);
    if (!this.isInStep) this.#unsettled.add(moment);
    return moment;
  }

  /** The operation was acknowledged, perhaps a while ago: what must hold of moments since is known better. */
  acknowledged(operation: Operation): void {
    for (const moment of this.#unsettled)
      if (operation.endedAt <= moment.from) moment.acknowledged(operation, this.diskAt(operation.disk).versions);
      // They are told in order.
      else this.#unsettled.delete(moment);
  }

  /** Reads again what the live systems say of a pair. */
  observe(pair: PairState): void {
    const wasDuplex = pair.isDuplexAtBothEnds;
    if (pair.refresh(this.live)) this.#onReport(pair, wasDuplex);
  }

  /** True if the sector may still hold what a restore is to replace: hosts do not see it any more. */
  isLeft(disk: DiskState, sector: number): boolean {
    if (!this.restoring.has(disk)) return false;
    const system = this.live(disk.system);
    // While its system is down, nobody can ask.
    if (system === undefined) return true;
    const report = system.restores().find(({ volume }) => volume === disk.name);
    return report?.left.has(Math.floor((sector * SECTOR_BYTES) / report.left.trackBytes)) === true;
  }

  /** @throws Error if there is none of that name: a bug of the caller */
  pair(name: string): PairState {
    const pair = this.pairs.find(({ config }) => config.name === name);
    if (pair === undefined) throw new Error(`checker: no pair ${name}`);
    return pair;
  }

  disk(volume: VolumeKey): DiskState {
    const disk = this.#diskByVolume.get(volume);
    if (disk === undefined)
      throw new Error(`checker: no disk holds ${volume}, only ${[...this.#diskByVolume.keys()].join(", ")}`);
    return disk;
  }

  /** The volume whose content is now on the disk that `volume` was on first. */
  volumeOn(volume: VolumeKey): DiskState {
    const disk = this.#diskByView.get(volume);
    if (disk === undefined) throw new Error(`checker: no disk of ${volume}`);
    return disk;
  }

  /** Two volumes have exchanged their disks. */
  swap(one: DiskState, two: DiskState): void {
    [one.view, two.view] = [two.view, one.view];
    for (const disk of [one, two]) this.#diskByView.set(disk.view.volume, disk);
  }

  diskAt(index: number): DiskState {
    return this.disks[index] as DiskState;
  }

  pairsOf(disk: DiskState): readonly PairState[] {
    return this.#pairsByDisk[disk.index] as readonly PairState[];
  }

  /** True if the volume gets its content from another system. */
  isCopy(disk: DiskState): boolean {
    return this.pairsOf(disk).some((pair) => {
      this.observe(pair);
      return !pair.isLocal && pair.side(disk).report?.role === "secondary";
    });
  }

  /** Who looks now and then may see a resync's content already, where something else was a moment ago. */
  mayHideResync(disk: DiskState): boolean {
    if (this.isInStep) return false;
    return this.pairsOf(disk).some((pair) => {
      const { report } = pair.side(disk);
      if (pair.isLocal || report === undefined) return false;
      return !report.consistent || (report.role === "secondary" && report.status !== "SPLIT");
    });
  }

  /** Disks of the same mirrored set, itself included. */
  mirrorsOf(disk: DiskState): readonly DiskState[] {
    return this.#mirrorsByDisk[disk.index] as readonly DiskState[];
  }

  noteIncident(text: string): void {
    this.incidents.add(this.#order, this.nowNs(), text);
  }
}

/** One state a disk; disks that pairs connect, directly or not, share one history. */
function diskStates({ disks, pairs }: CheckerConfig): DiskState[] {
  const setOf = new Map<VolumeKey, VolumeKey[]>(disks.map(({ volume }) => [volume, [volume]]));
  for (const { primary, secondary, name } of pairs) {
    const one = setOf.get(primary);
    const two = setOf.get(secondary);
    if (one === undefined || two === undefined)
      throw new Error(`checker: pair ${name} joins ${primary} and ${secondary}: no such disk`);
    if (one === two) continue;
    one.push(...two);
    for (const volume of two) setOf.set(volume, one);
  }
  const versionsOf = new Map<VolumeKey[], Versions>();
  const sectorCountOf = (volume: VolumeKey): number =>
    (disks.find((disk) => disk.volume === volume) as CheckedDisk).sizeBytes / SECTOR_BYTES;
  return disks.map((view, index) => {
    const set = setOf.get(view.volume) as VolumeKey[];
    if (set.length > SET_DISKS_MAX)
      throw new Error(`checker: ${set.length} mirrored volumes in one set, at most ${SET_DISKS_MAX}`);
    let versions = versionsOf.get(set);
    if (versions === undefined) {
      versions = new Versions(Math.max(...set.map(sectorCountOf)));
      versionsOf.set(set, versions);
    }
    return new DiskState(index, view, versions, 1 << set.indexOf(view.volume));
  });
}
