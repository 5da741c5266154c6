import { SECTOR_BYTES } from "../../engine/ports/index.ts";
import type { CheckedDisk, CheckerConfig, LiveSystem, VolumeKey } from "./checker.ts";
import { DiskState } from "./disk-state.ts";
import { Findings } from "./findings.ts";
import { Incidents } from "./incidents.ts";
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
  readonly #onReport: (pair: PairState, wasDuplex: boolean) => void;
  readonly #diskByVolume = new Map<VolumeKey, DiskState>();
  readonly #pairsByDisk: readonly (readonly PairState[])[];
  readonly #mirrorsByDisk: readonly (readonly DiskState[])[];
  #order = 0;

  /** @param onReport told when a report of a pair changed, and whether both ends had said DUPLEX before */
  constructor(config: CheckerConfig, onReport: (pair: PairState, wasDuplex: boolean) => void) {
    this.#onReport = onReport;
    this.live = config.live;
    this.nowNs = config.nowNs;
    this.findings = new Findings(config.nowNs);
    this.disks = diskStates(config);
    for (const disk of this.disks) this.#diskByVolume.set(disk.volume, disk);
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

  /** Reads again what the live systems say of a pair. */
  observe(pair: PairState): void {
    const wasDuplex = pair.isDuplexAtBothEnds;
    if (pair.refresh(this.live)) this.#onReport(pair, wasDuplex);
  }

  disk(volume: VolumeKey): DiskState {
    const disk = this.#diskByVolume.get(volume);
    if (disk === undefined)
      throw new Error(`checker: no disk holds ${volume}, only ${[...this.#diskByVolume.keys()].join(", ")}`);
    return disk;
  }

  diskAt(index: number): DiskState {
    return this.disks[index] as DiskState;
  }

  pairsOf(disk: DiskState): readonly PairState[] {
    return this.#pairsByDisk[disk.index] as readonly PairState[];
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
