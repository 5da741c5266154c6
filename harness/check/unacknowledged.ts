import { type BadSector, blameSectors, describeContent, describeVersion } from "./blame.ts";
import type { DiskState } from "./disk-state.ts";
import type { Model } from "./model.ts";
import { type Operation, precedes } from "./operation.ts";
import { INITIAL_VERSION, NO_VERSION, type Versions } from "./versions.ts";

/**
 * Invariant U: of a write that failed or that nobody answered each sector is old or new, and what
 * a read showed absent never comes back on the same disk.
 */
export class Unacknowledged {
  readonly #model: Model;
  /** Versions that a read showed absent, with the disks as bits; one map a history. */
  readonly #absent = new Map<Versions, Map<number, number>>();
  /** Failed or unanswered, by disk, not looked at since. */
  readonly #open: Operation[][];
  /** By disk: sectors to be judged when the restore that runs there is over. */
  readonly #postponed = new Map<DiskState, Set<number>>();

  constructor(model: Model) {
    this.#model = model;
    this.#open = model.disks.map(() => []);
  }

  /** A write ended without being acknowledged. */
  ended(operation: Operation): void {
    this.#open[operation.disk]?.push(operation);
  }

  /** Every sector of the writes that ended so must hold something whole: old or new. */
  settle(disk: DiskState): void {
    this.judgePostponed(disk);
    const open = this.#open[disk.index] as Operation[];
    if (open.length === 0) return;
    this.#open[disk.index] = [];
    const { versions } = disk;
    const bad: BadSector[] = [];
    for (const operation of open) {
      const end = operation.firstVersion + operation.versionCount;
      for (let version = operation.firstVersion; version < end; version++) {
        const sector = versions.sector(version);
        const found = disk.hash.get(sector);
        if (found === versions.hash(version) || versions.newest(sector, found) !== NO_VERSION) continue;
        bad.push({ sector, found, expected: `${describeVersion(disk, version)}, or what was there before` });
      }
    }
    const { findings, incidents } = this.#model;
    findings.count("U", open.length);
    if (bad.length === 0) return;
    findings.fail("U", disk.volume, "a write that was not acknowledged is neither old nor new", () =>
      blameSectors(disk, bad, incidents),
    );
  }

  /** A read asked for by `read` gave this content: newer versions that had ended by then are absent for good. */
  seen(disk: DiskState, sector: number, hash: number, read: Operation): BadSector | undefined {
    const { versions } = disk;
    for (let version = versions.head.get(sector); version > INITIAL_VERSION; version = versions.previous(version)) {
      if (versions.hash(version) === hash) break;
      const operation = versions.operation(version);
      if (operation.state === "open" || operation.state === "acknowledged" || !precedes(operation, read)) continue;
      // The other end's writes come here when its history does.
      if (operation.disk !== disk.index) continue;
      let absent = this.#absent.get(versions);
      if (absent === undefined) {
        absent = new Map();
        this.#absent.set(versions, absent);
      }
      absent.set(version, (absent.get(version) ?? 0) | disk.bit);
      this.#model.findings.count("U");
    }
    return this.reappeared(disk, sector, hash);
  }

  /** What is wrong if this content can only be a write that was seen absent here. */
  reappeared(disk: DiskState, sector: number, hash: number): BadSector | undefined {
    const { versions } = disk;
    const absent = this.#absent.get(versions);
    if (absent === undefined) return undefined;
    let again = false;
    for (let version = versions.head.get(sector); version !== NO_VERSION; version = versions.previous(version)) {
      if (versions.hash(version) !== hash) continue;
      if (((absent.get(version) ?? 0) & disk.bit) === 0) return undefined;
      again = true;
    }
    return again
      ? { sector, found: hash, expected: `not ${describeContent(disk, sector, hash)}: a read had shown it absent` }
      : undefined;
  }

  /** What is in the sector came back where a restore is still to bring something else: {@link judgePostponed}. */
  postpone(disk: DiskState, sector: number): void {
    const sectors = this.#postponed.get(disk) ?? new Set();
    this.#postponed.set(disk, sectors.add(sector));
  }

  /** If no restore runs there any more, it must have been replaced. Asked before the disk changes, too. */
  judgePostponed(disk: DiskState): void {
    const sectors = this.#postponed.get(disk);
    if (sectors === undefined || this.#model.restoring.has(disk)) return;
    this.#postponed.delete(disk);
    const bad = [...sectors].flatMap((sector) => this.reappeared(disk, sector, disk.hash.get(sector)) ?? []);
    if (bad.length > 0) this.report(disk, bad);
  }

  report(disk: DiskState, bad: readonly BadSector[]): void {
    const { findings, incidents } = this.#model;
    findings.fail("U", disk.volume, "a write that was not acknowledged came back after it was seen absent", () =>
      blameSectors(disk, bad, incidents),
    );
  }

  /** An operator gave this disk another history, and it came: what was seen of the sector counts no more. */
  forget(disk: DiskState, sector: number): void {
    const { versions } = disk;
    const absent = this.#absent.get(versions);
    if (absent === undefined) return;
    for (let version = versions.head.get(sector); version !== NO_VERSION; version = versions.previous(version)) {
      const disks = absent.get(version);
      if (disks !== undefined) absent.set(version, disks & ~disk.bit);
    }
  }
}
