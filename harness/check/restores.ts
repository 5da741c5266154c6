import { SECTOR_BYTES } from "../../engine/ports/index.ts";
import type { AdminCommand, RestoreReport } from "../target/target.ts";
import type { DiskChange } from "../world/run-world.ts";
import type { Acknowledged } from "./acknowledged.ts";
import { type BadSector, blameSectors, describeVersion } from "./blame.ts";
import type { DiskState } from "./disk-state.ts";
import type { Model } from "./model.ts";
import type { Held, Moment } from "./moment.ts";
import { isRefusedBy, type Operation } from "./operation.ts";
import type { RestoredContent, RestoredContents } from "./restored-contents.ts";
import { ZERO_HASH } from "./sector-hash.ts";
import { INITIAL_VERSION, NO_VERSION, type Versions } from "./versions.ts";

/** A restore from the command on until all of its content is there. */
interface Restore {
  readonly command: number;
  readonly disk: DiskState;
  /** In the history of the volume it is one large write of the earlier content, or several at once. */
  readonly operations: Operation[];
  /** The mirror whose content it brings, if it is one's. */
  readonly mirror: DiskState | undefined;
  /** Of an image or a journal: which moment the content must be, as a whole. */
  readonly moment: Moment | undefined;
  /** What the report that there was before is called; "" for none. */
  readonly nameBefore: string;
  /** What its own report is called; "" while nobody knows. */
  name: string;
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
    const nameBefore = nameOf(this.#reportOf(disk));
    const sectors: number[] = [];
    const hashes: number[] = [];
    for (let place = 0; place < versions.touchedCount; place++) {
      const sector = versions.touched[place] as number;
      const head = versions.head.get(sector);
      const candidates = content.candidates(sector);
      // The newest of all may be the other end's own, where the two went apart.
      const isThere = (versions.required(head) & disk.bit) !== 0 && versions.hash(head) === candidates[0];
      // Who looks now and then does not know whether a write that comes now is under what is restored, or over it.
      if (candidates.length === 1 && isThere && this.#model.isInStep) continue;
      for (const hash of candidates) {
        sectors.push(sector);
        hashes.push(hash);
      }
    }
    const operation = this.#newOperation("pair" in given ? given.pair : given.kind, disk);
    versions.addScattered(operation, sectors, hashes);
    this.#histories.add(versions);
    const isConditional = given.kind === "takeover";
    const state = { name: "", answer: "", accepted: false, isConditional, wasReported: false } as const;
    const { mirror } = content;
    this.#running.push({ command, disk, operations: [operation], mirror, moment, nameBefore, ...state });
  }

  /**
   * Nobody knows yet that the restore has begun, and its mirror changes: it may bring what was there as well as what
   * is there then. Told before and after the change is taken in.
   */
  mirrorChanges(mirror: DiskState, { offsetBytes, lengthBytes }: DiskChange): void {
    if (this.#model.isInStep) return;
    for (const restore of this.#running) {
      if (restore.mirror !== mirror || restore.answer !== "") continue;
      const { versions } = mirror;
      const known = new Set(
        versionsOf(restore).map((version) => `${versions.sector(version)} ${versions.hash(version)}`),
      );
      const sectors: number[] = [];
      const hashes: number[] = [];
      for (let sector = offsetBytes / SECTOR_BYTES; sector < (offsetBytes + lengthBytes) / SECTOR_BYTES; sector++) {
        const hash = mirror.hash.get(sector);
        if (known.has(`${sector} ${hash}`)) continue;
        sectors.push(sector);
        hashes.push(hash);
      }
      addTo(restore, sectors, hashes);
    }
  }

  /**
   * A host is about to write where nothing was ever written, while a restore has been asked for: that may come after
   * the write, and then it brings the zeros that were there before.
   */
  hostWrites({ firstSector, sectorCount, disk }: Operation): void {
    if (this.#model.isInStep || this.#running.length === 0) return;
    const { versions } = this.#model.diskAt(disk);
    const fresh: number[] = [];
    for (let sector = firstSector; sector < firstSector + sectorCount; sector++)
      if (versions.head.get(sector) === INITIAL_VERSION) fresh.push(sector);
    if (fresh.length === 0) return;
    for (const restore of this.#running)
      if (restore.answer === "" && restore.disk.versions === versions)
        addTo(restore, fresh, Array<number>(fresh.length).fill(ZERO_HASH));
  }

  answered(command: number, known: boolean, at: number): void {
    for (const restore of this.#running.filter((one) => one.command === command)) this.#answer(restore, known, at);
    this.observe();
  }

  #answer(restore: Restore, known: boolean, at: number): void {
    const isUnseen = restore.isConditional && this.#model.live(restore.disk.system) === undefined;
    // Nobody saw, before its system died, whether there was anything to restore: it says so when it is back.
    const isKnown = known && (!isUnseen || restore.wasReported || this.#isSurelyThere(restore));
    restore.answer = isKnown ? "done" : "unknown";
    // What was a mixture when the command was given may have become whole before it was carried out.
    const isNone = restore.isConditional && !restore.wasReported && !this.#isReported(restore);
    if (isKnown && isNone && !this.#isSurelyThere(restore)) return this.#end(restore, "REFUSED");
    if (isKnown && !restore.accepted) this.#accept(restore, at);
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
      const live = this.#model.live(restore.disk.system);
      if (live === undefined) continue;
      const isRunning = this.#isReported(restore);
      restore.wasReported ||= isRunning;
      if (isRunning && restore.name === "") this.#learnName(restore);
      // A system may speak of it a little before hosts see it; only if there is no answer, that must do.
      if (isRunning && !restore.accepted && restore.answer === "unknown") this.#accept(restore);
      else if (!isRunning && restore.accepted && isSince(live.saidAt, restore)) this.#complete(restore);
    }
  }

  /** A system is back: what of a restore was not promised may be undone. */
  systemUp(system: string): void {
    /** By command: a volume that surely went back, and one that surely did not. */
    const went = new Map<number, DiskState>();
    const stayed = new Map<number, Restore>();
    for (const restore of [...this.#running]) {
      const { disk, answer, command } = restore;
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
        for (const version of versionsOf(restore)) disk.versions.release(version, disk.bit);
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
    const isAfter = (one: Restore): boolean =>
      one.accepted && one.operations.every(({ endedAt }) => endedAt < operation.issuedAt);
    const report = this.#reportOf(disk);
    const isIts = (one: Restore): boolean => one.disk === disk && one.name === nameOf(report);
    if (report === undefined || !this.#running.some((one) => isIts(one) && isAfter(one))) return;
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

  #isReported({ disk, name, nameBefore }: Restore): boolean {
    const reported = nameOf(this.#reportOf(disk));
    if (reported === "") return false;
    return name === "" ? reported !== nameBefore : reported === name;
  }

  /** The report that is there is its own, unless another restore of the volume came after it and may have made it. */
  #learnName(restore: Restore): void {
    const { disk } = restore;
    const others = this.#running.filter((one) => one !== restore && one.disk === disk && one.name === "");
    if (others.length === 0) restore.name = nameOf(this.#reportOf(disk));
  }

  /** From now on hosts see the restored content, or what they write themselves. */
  #accept(restore: Restore, at = this.#model.tick()): void {
    const { disk } = restore;
    restore.accepted = true;
    for (const operation of restore.operations) {
      operation.state = "acknowledged";
      operation.endedAt = at;
      operation.alone = this.#acknowledged.isAlone(disk);
    }
    for (const version of versionsOf(restore)) disk.versions.require(version, disk.bit);
    for (const operation of restore.operations) this.#model.acknowledged(operation);
    const isDown = this.#model.live(disk.system) === undefined;
    if (isDown || this.#reportOf(disk) !== undefined) this.#model.restoring.add(disk);
  }

  /** Nothing is left to bring. */
  #complete(restore: Restore): void {
    const { disk, operations, moment } = restore;
    const { versions } = disk;
    const { findings, incidents } = this.#model;
    for (const operation of operations) {
      operation.durableOn = disk.bit;
      operation.flushedAt = operation.endedAt;
    }
    this.#running = this.#running.filter((one) => one !== restore);
    const bad: BadSector[] = [];
    for (const version of versionsOf(restore)) {
      // A resync that began meanwhile has rightly overwritten it.
      if ((versions.required(version) & disk.bit) === 0) continue;
      const sector = versions.sector(version);
      const found = disk.hash.get(sector);
      if (!versions.covers(sector, found, version))
        bad.push({ sector, found, expected: `${describeVersion(disk, version)}, or newer` });
    }
    const restored = (sector: number): number | undefined => {
      const hash = disk.hash.get(sector);
      const version = versions.newest(sector, hash);
      return version !== NO_VERSION && operations.includes(versions.operation(version)) ? hash : undefined;
    };
    for (const { sector, found } of bad) this.#acknowledged.release(disk, sector, found);
    if (this.#model.mayHideResync(disk) || this.#isGivenUp(restore)) return;
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

  /** The rest of it went with its image, and the system says so: the volume holds no content of the pair. */
  #isGivenUp({ disk, name }: Restore): boolean {
    if (!name.startsWith("image ")) return false;
    const images = this.#model.live(disk.system)?.images() ?? [];
    if (images.some(({ volume, state }) => volume === disk.name && state === "fixed")) return false;
    return this.#model.pairsOf(disk).some((pair) => {
      this.#model.observe(pair);
      return !pair.isLocal && pair.side(disk).report?.consistent === false;
    });
  }

  #end(restore: Restore, state: "REFUSED" | "GONE"): void {
    for (const operation of restore.operations) {
      operation.state = state;
      operation.endedAt = this.#model.tick();
    }
    this.#running = this.#running.filter((one) => one !== restore);
  }

  /** False if the disk holds what the restore would have replaced. */
  #mayBeThere(restore: Restore): boolean {
    const { disk } = restore;
    const { versions } = disk;
    const fits = new Map<number, boolean>();
    for (const version of versionsOf(restore)) {
      const sector = versions.sector(version);
      fits.set(sector, fits.get(sector) === true || versions.covers(sector, disk.hash.get(sector), version));
    }
    return [...fits.values()].every((fit) => fit);
  }

  /** True if the disk holds what only the restore can have brought: then it was accepted, and all of it must be there. */
  #isSurelyThere(restore: Restore): boolean {
    const { disk } = restore;
    const { versions } = disk;
    return versionsOf(restore).some((version) => {
      const sector = versions.sector(version);
      return disk.floor.get(sector) === version && !wasRefused(disk, sector);
    });
  }
}

/** A request was refused there: what was before it may be there again without any restore. */
function wasRefused({ index, versions }: DiskState, sector: number): boolean {
  for (let version = versions.head.get(sector); version !== NO_VERSION; version = versions.previous(version))
    if (isRefusedBy(index, versions.operation(version))) return true;
  return false;
}

/** It may bring this as well. */
function addTo({ disk, operations }: Restore, sectors: readonly number[], hashes: readonly number[]): void {
  const operation = { ...(operations[0] as Operation) };
  disk.versions.addScattered(operation, sectors, hashes);
  operations.push(operation);
}

function nameOf(report: RestoreReport | undefined): string {
  return report === undefined ? "" : `${report.from} ${report.id}`;
}

/** True if the word of a system is one that it gave when the restore had been accepted. */
function isSince(saidAt: number | undefined, { operations }: Restore): boolean {
  return saidAt === undefined || operations.every(({ endedAt }) => endedAt <= saidAt);
}

/** Every version that a restore may bring. */
function versionsOf({ operations }: Restore): number[] {
  return operations.flatMap(({ firstVersion, versionCount }) =>
    Array.from({ length: versionCount }, (_, index) => firstVersion + index),
  );
}
