import { type BadSector, blameSectors, describeVersion } from "./blame.ts";
import type { AcknowledgedLoss } from "./checker.ts";
import type { DiskState } from "./disk-state.ts";
import type { Model } from "./model.ts";
import type { Operation } from "./operation.ts";
import type { PairState } from "./pair-state.ts";
import { INITIAL_VERSION, NO_VERSION } from "./versions.ts";

/**
 * Invariant A: what was acknowledged is there. On the volume that it was written to; and, of a
 * synchronous pair that was DUPLEX, on the other volume too. After a power loss only what a flush
 * or FUA covered must be there.
 */
export class Acknowledged {
  readonly #model: Model;
  /** By disk: acknowledged there and not yet covered by a flush. */
  readonly #unflushed: Operation[][];
  /** Versions that were told as lost. */
  readonly #toldLost = new Set<number>();

  constructor(model: Model) {
    this.#model = model;
    this.#unflushed = model.disks.map(() => []);
  }

  /** A write, trim or write of zeroes was acknowledged. */
  write(operation: Operation): void {
    const own = this.#model.diskAt(operation.disk);
    const { versions } = own;
    const lost = this.#lostSince(operation);
    const all = this.#mustHold(operation.disk);
    const bits = all & ~lost;
    const end = operation.firstVersion + operation.versionCount;
    for (let version = operation.firstVersion; version < end; version++) {
      // What is there in spite of the power loss, or again, must stay.
      const kept = lost === 0 ? 0 : this.#holding(operation.disk, version) & lost;
      versions.require(version, bits | (all & kept));
    }
    operation.alone = this.#model
      .pairsOf(own)
      .some((pair) => isAloneIn(pair, own) && (pair.config.mode === "sync" || operation.askedAlone));
    if (operation.fua) {
      operation.durableOn = bits;
      operation.flushedAt = operation.endedAt;
    } else this.#unflushed[operation.disk]?.push(operation);
    for (const disk of this.#model.mirrorsOf(own)) {
      if ((disk.bit & bits) === 0) continue;
      const bad: BadSector[] = [];
      for (let version = operation.firstVersion; version < end; version++) {
        const sector = versions.sector(version);
        const found = disk.hash.get(sector);
        if (found !== versions.hash(version) && !versions.covers(sector, found, version)) {
          bad.push({ sector, found, expected: describeVersion(disk, version) });
          // Told once; later changes are not to be blamed for it.
          versions.release(version, disk.bit);
        }
      }
      this.#judge(disk, bad, "an acknowledged write is not there");
    }
  }

  /** A flush was acknowledged: what had been acknowledged before it was asked for is durable. */
  flush(flush: Operation): void {
    const bits = this.#mustHold(flush.disk);
    const alone = this.isAlone(this.#model.diskAt(flush.disk));
    const rest: Operation[] = [];
    for (const operation of this.#unflushed[flush.disk] ?? []) {
      if (operation.endedAt < flush.issuedAt) {
        // The promise that it lasts was given by this end alone, whoever has a volatile copy.
        if (alone) operation.alone = true;
        operation.durableOn |= bits;
        operation.flushedAt = flush.endedAt;
      } else rest.push(operation);
    }
    this.#unflushed[flush.disk] = rest;
  }

  /** After a power loss: a later flush promises nothing of what is not there any more. */
  forgetLost(disk: DiskState): void {
    const { versions } = disk;
    const isThere = ({ firstVersion, versionCount, endedAt }: Operation): boolean => {
      if (endedAt > disk.powerLostAt) return true;
      for (let version = firstVersion; version < firstVersion + versionCount; version++) {
        const sector = versions.sector(version);
        if (!versions.covers(sector, disk.hash.get(sector), version)) return false;
      }
      return true;
    };
    this.#unflushed[disk.index] = (this.#unflushed[disk.index] ?? []).filter(isThere);
  }

  /** What a power loss took from a sector that it may not take, if anything. */
  lostByPower(disk: DiskState, sector: number, found: number): BadSector | undefined {
    const { versions } = disk;
    const wanted = versions.newestRequired(sector, disk.bit, ({ durableOn }) => (durableOn & disk.bit) !== 0);
    if (wanted === NO_VERSION || versions.covers(sector, found, wanted)) return undefined;
    return { sector, found, expected: `${describeVersion(disk, wanted)}, flushed` };
  }

  reportLostByPower(disk: DiskState, bad: readonly BadSector[]): void {
    this.#judge(disk, bad, "a flushed write was lost with the power");
  }

  /**
   * The sector went back with good reason: what is newer is not asked for any more.
   * @param forGood nobody brings it again, a restore that still runs neither
   */
  release(disk: DiskState, sector: number, found: number, forGood = false): void {
    const { versions } = disk;
    for (let version = versions.head.get(sector); version !== NO_VERSION; version = versions.previous(version)) {
      if ((versions.required(version) & disk.bit) === 0) continue;
      if (versions.covers(sector, found, version)) return;
      // A restore that still runs brings its content again.
      const { kind, durableOn } = versions.operation(version);
      if (forGood || kind !== "restore" || durableOn !== 0) versions.release(version, disk.bit);
    }
  }

  /**
   * The sector is what a request that nobody has answered yet may have made it; but if that is refused, it was the power,
   * or a resync. So what those may take is not asked for any more.
   * @param byPower what a flush covered stays
   */
  releaseUnder(disk: DiskState, sector: number, found: number, byPower: boolean): void {
    const { versions } = disk;
    for (let version = versions.head.get(sector); version > INITIAL_VERSION; version = versions.previous(version)) {
      if ((versions.required(version) & disk.bit) === 0) continue;
      if (versions.hash(version) === found) return;
      if (byPower && (versions.operation(version).durableOn & disk.bit) !== 0) return;
      versions.release(version, disk.bit);
    }
  }

  /** The writes that this end's own hosts made to the sector are not asked for any more. */
  giveUp(disk: DiskState, sector: number): void {
    const { versions } = disk;
    for (let version = versions.head.get(sector); version > INITIAL_VERSION; version = versions.previous(version))
      if (versions.operation(version).disk === disk.index) versions.release(version, disk.bit);
  }

  /**
   * What this disk lacks, or anything newer, of what hosts at `from` were told, up to a moment, is written. Each version is told once.
   */
  lostFrom(from: DiskState, disk: DiskState, until: number): AcknowledgedLoss {
    const { versions } = disk;
    let sectorCount = 0;
    let oldestNs = Number.POSITIVE_INFINITY;
    for (let index = 0; index < versions.touchedCount; index++) {
      const sector = versions.touched[index] as number;
      const newest = this.#newestTold(disk, sector, until);
      if (newest === INITIAL_VERSION || this.#toldLost.has(newest)) continue;
      const { disk: writtenTo, issuedNs } = versions.operation(newest);
      if (writtenTo !== from.index || versions.covers(sector, disk.hash.get(sector), newest)) continue;
      this.#toldLost.add(newest);
      sectorCount++;
      oldestNs = Math.min(oldestNs, issuedNs);
    }
    return { sectorCount, oldestNs: sectorCount === 0 ? 0 : oldestNs };
  }

  #newestTold({ versions }: DiskState, sector: number, until: number): number {
    const isOne = ({ isTold, endedAt }: Operation): boolean => isTold && endedAt <= until;
    let version = versions.head.get(sector);
    while (version > INITIAL_VERSION && !isOne(versions.operation(version))) version = versions.previous(version);
    return Math.max(version, INITIAL_VERSION);
  }

  /** Looks at every sector that a host ever wrote. */
  scan(disk: DiskState): void {
    const { versions } = disk;
    const bad: BadSector[] = [];
    let judged = 0;
    for (let index = 0; index < versions.touchedCount; index++) {
      const sector = versions.touched[index] as number;
      const wanted = versions.newestRequiredOfAny(sector, disk.bit);
      if (wanted === NO_VERSION) continue;
      judged++;
      const found = disk.hash.get(sector);
      if (found === versions.hash(wanted) || versions.covers(sector, found, wanted)) continue;
      if (this.#model.isLeft(disk, sector)) continue;
      bad.push({ sector, found, expected: describeVersion(disk, wanted) });
      this.release(disk, sector, found);
    }
    if (judged > 0) this.#judge(disk, bad, "an acknowledged write is gone");
  }

  /** The disks that an acknowledgement given now at this one speaks for, as bits. */
  #mustHold(index: number): number {
    const disk = this.#model.diskAt(index);
    let bits = disk.bit;
    for (const pair of this.#model.pairsOf(disk)) {
      // What a local mirror holds is promised at its split, not before.
      if (pair.config.mode !== "sync" || pair.isLocal) continue;
      this.#model.observe(pair);
      const side = pair.side(disk);
      if (side.report?.role === "primary" && side.report.status === "DUPLEX") bits |= pair.other(disk).disk.bit;
    }
    return bits;
  }

  /** Disks, as bits, that hold a version now. */
  #holding(index: number, version: number): number {
    let bits = 0;
    const { versions } = this.#model.diskAt(index);
    for (const disk of this.#model.mirrorsOf(this.#model.diskAt(index)))
      if (disk.hash.get(versions.sector(version)) === versions.hash(version)) bits |= disk.bit;
    return bits;
  }

  /** Disks, as bits, on which a write was volatile when their power went, before its acknowledgement arrived. */
  #lostSince(operation: Operation): number {
    if (operation.fua) return 0;
    let bits = 0;
    for (const disk of this.#model.mirrorsOf(this.#model.diskAt(operation.disk)))
      if (disk.powerLostAt > operation.issuedAt) bits |= disk.bit;
    return bits;
  }

  /** True if this end is primary of a remote pair that it says is suspended. */
  isAlone(disk: DiskState): boolean {
    return this.#model.pairsOf(disk).some((pair) => isAloneIn(pair, disk));
  }

  #judge(disk: DiskState, bad: readonly BadSector[], message: string): void {
    const { findings, incidents } = this.#model;
    findings.count("A");
    if (bad.length === 0) return;
    findings.fail("A", disk.volume, `${message} (${bad.length} sectors)`, () => blameSectors(disk, bad, incidents));
  }
}

function isAloneIn(pair: PairState, disk: DiskState): boolean {
  const { report } = pair.side(disk);
  return !pair.isLocal && report?.role === "primary" && report.status === "SPLIT";
}
