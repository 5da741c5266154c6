import { SECTOR_BYTES } from "../../engine/ports/index.ts";
import type { AdminCommand, RestoreReport } from "../target/target.ts";
import type { Acknowledged } from "./acknowledged.ts";
import { type BadSector, blameSectors, describeVersion } from "./blame.ts";
import type { DiskState } from "./disk-state.ts";
import type { Model } from "./model.ts";
import type { Held, Moment } from "./moment.ts";
import type { Operation } from "./operation.ts";
import type { RestoredContent, RestoredContents } from "./restored-contents.ts";
import { NO_VERSION, type Versions } from "./versions.ts";

/** A restore from the command on until all of its content is there. */
interface Restore {
  readonly command: number;
  readonly disk: DiskState;
  /** In the history of the volume it is one large write of the earlier content. */
  readonly operation: Operation;
  /** Of an image or a journal: which moment the content must be, as a whole. */
  readonly moment: Moment | undefined;
  /** The report that there was before; 0 for none. */
  readonly idBefore: number;
  /** The command was answered: carried out, or nobody knows. */
  answer: "" | "done" | "unknown";
  accepted: boolean;
  /** The command restores something only if it finds a mixture; the system has said that it did. */
  readonly isConditional: boolean;
  wasReported: boolean;
}

/**
 * Invariant S of restores, recoveries and rollbacks (CR-7): from the command's acceptance on the volume
 * holds the earlier content, under what hosts write later. In the history it is an operation like
 * a write, so that every other rule judges it as it does writes. Only what is still to be brought may
 * be older; when the restore ends, nothing may.
 */
export class Restores {
  readonly #model: Model;
  readonly #acknowledged: Acknowledged;
  readonly #contents: RestoredContents;
  readonly #newOperation: (name: string, disk: DiskState) => Operation;
  #running: Restore[] = [];
  /** By moment: what is restored of it. */
  readonly #held = new Map<Moment, readonly Held[]>();
  /** Histories in which there was a restore. */
  readonly #histories = new Set<Versions>();

  constructor(
    model: Model,
    acknowledged: Acknowledged,
    contents: RestoredContents,
    newOperation: (name: string, disk: DiskState) => Operation,
  ) {
    this.#model = model;
    this.#acknowledged = acknowledged;
    this.#contents = contents;
    this.#newOperation = newOperation;
  }

  /** Before the command is given. */
  issued(command: number, given: AdminCommand): void {
    for (const content of this.#contents.of(given)) this.#issue(command, given, content);
  }

  #issue(command: number, given: AdminCommand, content: RestoredContent): void {
    const { disk, moment } = content;
    const { versions } = disk;
    const idBefore = this.#reportOf(disk)?.id ?? 0;
    const sectors: number[] = [];
    const hashes: number[] = [];
    for (let place = 0; place < versions.touchedCount; place++) {
      const sector = versions.touched[place] as number;
      const head = versions.head.get(sector);
      const candidates = content.candidates(sector);
      // The newest of all may be the other end's own, where the two went apart.
      const isThere = (versions.required(head) & disk.bit) !== 0 && versions.hash(head) === candidates[0];
      if (candidates.length === 1 && isThere) continue;
      for (const hash of candidates) {
        sectors.push(sector);
        hashes.push(hash);
      }
    }
    const operation = this.#newOperation("pair" in given ? given.pair : given.kind, disk);
    versions.addScattered(operation, sectors, hashes);
    this.#histories.add(versions);
    const isConditional = given.kind === "takeover";
    const state = { answer: "", accepted: false, isConditional, wasReported: false } as const;
    this.#running.push({ command, disk, operation, moment, idBefore, ...state });
  }

  answered(command: number, known: boolean): void {
    for (const restore of this.#running.filter((one) => one.command === command)) this.#answer(restore, known);
    this.observe();
  }

  #answer(restore: Restore, known: boolean): void {
    restore.answer = known ? "done" : "unknown";
    // What was a mixture when the command was given may have become whole before it was carried out.
    const isNone = restore.isConditional && !restore.wasReported && !this.#isReported(restore);
    if (known && isNone && !this.#isSurelyThere(restore)) return this.#end(restore, "REFUSED");
    if (known && !restore.accepted) this.#accept(restore);
  }

  refused(command: number): void {
    for (const restore of this.#running.filter((one) => one.command === command)) this.#end(restore, "REFUSED");
  }

  /** What the live systems say of restores. */
  observe(): void {
    if (this.#histories.size === 0) return;
    for (const disk of this.#model.disks) {
      if (!this.#histories.has(disk.versions) || this.#model.live(disk.system) === undefined) continue;
      if (this.#reportOf(disk) === undefined) this.#model.restoring.delete(disk);
      else this.#model.restoring.add(disk);
    }
    for (const restore of [...this.#running]) {
      if (this.#model.live(restore.disk.system) === undefined) continue;
      const isRunning = this.#isReported(restore);
      restore.wasReported ||= isRunning;
      // A system may speak of it a little before hosts see it; only if there is no answer, that must do.
      if (isRunning && !restore.accepted && restore.answer === "unknown") this.#accept(restore);
      else if (!isRunning && restore.accepted) this.#complete(restore);
    }
  }

  /** A system is back: what of a restore was not promised may be undone. */
  systemUp(system: string): void {
    /** By command: a volume that surely went back, and one that surely did not. */
    const went = new Map<number, DiskState>();
    const stayed = new Map<number, Restore>();
    for (const restore of [...this.#running]) {
      const { disk, answer, operation, command } = restore;
      if (disk.system !== system || answer === "done") continue;
      if (this.#isReported(restore)) {
        if (!restore.accepted) this.#accept(restore);
        went.set(command, disk);
      } else if (answer === "") continue;
      else if (this.#isSurelyThere(restore)) {
        this.#accept(restore);
        went.set(command, disk);
      } else {
        if (!this.#mayBeThere(restore)) stayed.set(command, restore);
        for (const version of versionsOf(operation)) disk.versions.release(version, disk.bit);
        this.#end(restore, "GONE");
      }
    }
    for (const [command, { disk }] of stayed) this.#expectNoneWent(disk, went.get(command));
    this.observe();
  }

  /** Volumes that one command takes back go all, or none does (JR-2). */
  #expectNoneWent(stayed: DiskState, went: DiskState | undefined): void {
    const { findings, incidents } = this.#model;
    findings.count("S");
    if (went === undefined) return;
    const sector = 0;
    const bad = [{ sector, found: stayed.hash.get(sector), expected: `${went.volume} was recovered with it` }];
    findings.fail("S", stayed.volume, "a group of volumes was recovered in part", () =>
      blameSectors(stayed, bad, incidents),
    );
  }

  /** CR-5: what a host changes during a restore is recorded. */
  acknowledged(operation: Operation): void {
    if (this.#running.length === 0 || operation.sectorCount === 0) return;
    const disk = this.#model.diskAt(operation.disk);
    const isAfter = (one: Restore): boolean => one.accepted && one.operation.endedAt < operation.issuedAt;
    const report = this.#reportOf(disk);
    if (report === undefined || !this.#running.some((one) => one.disk === disk && isAfter(one))) return;
    const { findings, incidents } = this.#model;
    findings.count("S");
    const bad: BadSector[] = [];
    for (let sector = operation.firstSector; sector < operation.firstSector + operation.sectorCount; sector++) {
      if (report.altered.has(Math.floor((sector * SECTOR_BYTES) / report.altered.trackBytes))) continue;
      bad.push({ sector, found: disk.hash.get(sector), expected: "its track recorded as changed during the restore" });
    }
    if (bad.length === 0) return;
    findings.fail("S", disk.volume, "a host's change during a restore is not recorded", () =>
      blameSectors(disk, bad, incidents),
    );
  }

  #reportOf(disk: DiskState): RestoreReport | undefined {
    return this.#model
      .live(disk.system)
      ?.restores()
      .find(({ volume }) => volume === disk.name);
  }

  #isReported({ disk, idBefore }: Restore): boolean {
    const report = this.#reportOf(disk);
    return report !== undefined && report.id !== idBefore;
  }

  /** From now on hosts see the restored content, or what they write themselves. */
  #accept(restore: Restore): void {
    const { disk, operation } = restore;
    restore.accepted = true;
    operation.state = "acknowledged";
    operation.endedAt = this.#model.tick();
    operation.alone = this.#acknowledged.isAlone(disk);
    for (const version of versionsOf(operation)) disk.versions.require(version, disk.bit);
    const isDown = this.#model.live(disk.system) === undefined;
    if (isDown || this.#reportOf(disk) !== undefined) this.#model.restoring.add(disk);
  }

  /** Nothing is left to bring. */
  #complete(restore: Restore): void {
    const { disk, operation, moment } = restore;
    const { versions } = disk;
    const { findings, incidents } = this.#model;
    operation.durableOn = disk.bit;
    operation.flushedAt = operation.endedAt;
    this.#running = this.#running.filter((one) => one !== restore);
    const bad: BadSector[] = [];
    for (const version of versionsOf(operation)) {
      const sector = versions.sector(version);
      const found = disk.hash.get(sector);
      if (!versions.covers(sector, found, version))
        bad.push({ sector, found, expected: `${describeVersion(disk, version)}, or newer` });
    }
    const restored = (sector: number): number | undefined => {
      const hash = disk.hash.get(sector);
      const version = versions.newest(sector, hash);
      return version !== NO_VERSION && versions.operation(version) === operation ? hash : undefined;
    };
    for (const { sector, found } of bad) this.#acknowledged.release(disk, sector, found);
    if (moment !== undefined) {
      // Volumes that were recovered together hold one and the same moment.
      const group = [...(this.#held.get(moment) ?? []), { source: disk, contentOf: restored }];
      this.#held.set(moment, group);
      bad.push(...moment.judge(group).flat());
    }
    findings.count("S");
    if (bad.length === 0) return;
    findings.fail("S", disk.volume, `a restore ended, and ${bad.length} sectors are not what was to be restored`, () =>
      blameSectors(disk, bad, incidents),
    );
  }

  #end(restore: Restore, state: "REFUSED" | "GONE"): void {
    restore.operation.state = state;
    restore.operation.endedAt = this.#model.tick();
    this.#running = this.#running.filter((one) => one !== restore);
  }

  /** False if the disk holds what the restore would have replaced. */
  #mayBeThere({ disk, operation }: Restore): boolean {
    const { versions } = disk;
    const fits = new Map<number, boolean>();
    for (const version of versionsOf(operation)) {
      const sector = versions.sector(version);
      fits.set(sector, fits.get(sector) === true || versions.covers(sector, disk.hash.get(sector), version));
    }
    return [...fits.values()].every((fit) => fit);
  }

  /** True if the disk holds what only the restore can have brought: then it was accepted, and all of it must be there. */
  #isSurelyThere({ disk, operation }: Restore): boolean {
    const { versions } = disk;
    return versionsOf(operation).some((version) => disk.floor.get(versions.sector(version)) === version);
  }
}

/** Every version of an operation. */
function versionsOf({ firstVersion, versionCount }: Operation): number[] {
  return Array.from({ length: versionCount }, (_, index) => firstVersion + index);
}
