import { SECTOR_BYTES } from "../../engine/ports/index.ts";
import type { BlockBlame } from "../history/run-record.ts";
import type { AdminCommand, HostErrorCode } from "../target/target.ts";
import type { CrashKind } from "../world/world.ts";
import type { DiskChange } from "../world/run-world.ts";
import { Acknowledged } from "./acknowledged.ts";
import { Backups } from "./backups.ts";
import { type BadSector, blameSectors } from "./blame.ts";
import type {
  AcknowledgedLoss,
  CheckedDisk,
  Checker,
  CheckerConfig,
  CheckResult,
  HostRange,
  HostWrite,
  ImageRead,
  VolumeKey,
} from "./checker.ts";
import { Consents } from "./consents.ts";
import { ContentRules } from "./content-rules.ts";
import { Converged } from "./converged.ts";
import type { DiskState } from "./disk-state.ts";
import { HostReads } from "./host-reads.ts";
import { Images } from "./images.ts";
import { Journals } from "./journals.ts";
import { KnownDifference } from "./known-difference.ts";
import { Model } from "./model.ts";
import { NEVER, type Operation, type OperationKind } from "./operation.ts";
import type { PairState } from "./pair-state.ts";
import { checkPrimaries } from "./primaries.ts";
import { Prefix } from "./prefix.ts";
import { RestoredContents } from "./restored-contents.ts";
import { Restores } from "./restores.ts";
import { hashSectors } from "./sector-hash.ts";
import { Unacknowledged } from "./unacknowledged.ts";
import { NO_VERSION } from "./versions.ts";

let hashes = new Float64Array(256);

/** The invariants of rule 9 over all mirrored volumes of a run: hands what happens to each that it concerns. */
export class MirrorChecker implements Checker {
  readonly #model: Model;
  readonly #operations: Operation[] = [];
  readonly #commands: AdminCommand[] = [];
  readonly #acknowledged: Acknowledged;
  readonly #unacknowledged: Unacknowledged;
  readonly #consents = new Consents();
  readonly #content: ContentRules;
  readonly #difference: KnownDifference;
  readonly #prefix: Prefix;
  readonly #converged: Converged;
  readonly #backups: Backups;
  readonly #reads: HostReads;
  readonly #images: Images;
  readonly #journals: Journals;
  readonly #restores: Restores;

  /** The world is looked at now and then only. */
  readonly #isSampled: boolean;

  constructor(config: CheckerConfig) {
    this.#isSampled = config.saidSince !== undefined;
    this.#model = new Model(config, (pair, wasDuplex) => this.#reported(pair, wasDuplex));
    this.#acknowledged = new Acknowledged(this.#model);
    this.#unacknowledged = new Unacknowledged(this.#model);
    this.#content = new ContentRules(this.#model, this.#acknowledged, this.#unacknowledged, this.#consents);
    this.#difference = new KnownDifference(this.#model);
    this.#prefix = new Prefix(this.#model);
    this.#converged = new Converged(this.#model);
    this.#backups = new Backups(this.#model);
    this.#reads = new HostReads(this.#model, this.#unacknowledged);
    this.#images = new Images(this.#model, config.images ?? []);
    this.#journals = new Journals(this.#model, config.journals ?? [], (disk, other) => this.#swapped(disk, other));
    const contents = new RestoredContents(this.#model, this.#images, this.#journals);
    this.#restores = new Restores(this.#model, this.#acknowledged, contents, (name, { volume }) =>
      this.#issue("restore", name, volume, 0, 0, false),
    );
  }

  write({ host, volume, offsetBytes, data, fua }: HostWrite): number {
    this.#look();
    const operation = this.#issue("write", host, volume, offsetBytes, data.length, fua === true);
    if (hashes.length < operation.sectorCount) hashes = new Float64Array(operation.sectorCount * 2);
    hashSectors(data, hashes);
    this.#restores.hostWrites(operation);
    this.#model.diskAt(operation.disk).versions.add(operation, hashes);
    return operation.index;
  }

  trim(range: HostRange): number {
    return this.#issueZeros("trim", range);
  }

  writeZeroes(range: HostRange): number {
    return this.#issueZeros("write-zeroes", range);
  }

  flush({ host, volume }: { readonly host: string; readonly volume: VolumeKey }): number {
    return this.#issue("flush", host, volume, 0, 0, false).index;
  }

  read({ host, volume, offsetBytes, lengthBytes }: HostRange): number {
    return this.#issue("read", host, volume, offsetBytes, lengthBytes, false).index;
  }

  moment(): number {
    return this.#model.tick();
  }

  acknowledged(index: number, at?: number): void {
    const operation = this.#end(index, "acknowledged", at);
    this.#look();
    if (operation.kind === "flush") this.#acknowledged.flush(operation);
    else {
      this.#acknowledged.write(operation);
      this.#model.acknowledged(operation);
      this.#restores.acknowledged(operation);
    }
    this.#difference.acknowledged(this.#model.diskAt(operation.disk));
  }

  readDone(index: number, data: Uint8Array, at?: number): void {
    this.#reads.done(this.#end(index, "acknowledged", at), data);
  }

  failed(index: number, code: HostErrorCode, at?: number, isTold = false): void {
    const operation = this.#end(index, code, at);
    operation.isTold = isTold;
    if (operation.kind === "read" || operation.kind === "flush") return;
    if (code === "REFUSED") this.#judgeRefused(operation);
    else this.#unacknowledged.ended(operation);
  }

  diskChanged(volume: VolumeKey, change: DiskChange): void {
    this.#model.tick();
    this.#look();
    const disk = this.#model.volumeOn(volume);
    if (disk.reserved) return;
    // A resync begins by saying that the claim is over; judge it by the content before.
    for (const pair of this.#model.pairsOf(disk))
      if (this.#prefix.isClaimed(pair) || this.#backups.isHeld(pair)) this.#model.observe(pair);
    this.#restores.mirrorChanges(disk, change);
    this.#content.changed(disk, change);
    this.#restores.mirrorChanges(disk, change);
    this.#difference.changed(disk, change);
    this.#backups.changed(disk, change);
  }

  systemDown(system: string, kind: CrashKind): void {
    this.#model.tick();
    this.#model.down.add(system);
    this.#prefix.systemDown(system, !this.#isSampled);
    this.#model.noteIncident(kind === "power" ? `${system} lost power` : `${system} was killed`);
    if (kind !== "power") return;
    for (const disk of this.#model.disks) if (disk.system === system) disk.losePower(this.#model.now);
  }

  systemUp(system: string): void {
    this.#model.tick();
    this.#model.noteIncident(`${system} started`);
    for (const disk of this.#model.disks) {
      if (disk.system !== system) continue;
      this.#acknowledged.forgetLost(disk);
      disk.keepRemains();
    }
    this.#journals.observe();
    this.#model.down.delete(system);
    this.#restores.systemUp(system);
    this.observe();
    this.#difference.checkAll();
    for (const disk of this.#model.disks) {
      if (disk.system !== system) continue;
      this.#unacknowledged.settle(disk);
      this.#acknowledged.scan(disk);
    }
    this.#backups.checkAll();
  }

  linkCut(link: string): void {
    this.observe();
    this.#difference.checkAll();
    this.#model.noteIncident(`${link} cut`);
  }

  linkHealed(link: string): void {
    this.observe();
    this.#model.noteIncident(`${link} healed`);
  }

  adminIssued(system: string, given: AdminCommand): number {
    const command = this.#commands.push(given) - 1;
    this.observe();
    this.#model.noteIncident(`${given.kind} of ${subjectOf(given)} at ${system}`);
    for (const name of pairsOf(given)) {
      const pair = this.#model.pairs.find(({ config }) => config.name === name);
      const here =
        pair?.isLocal === true ? pair.sides[0].disk : pair?.sides.find(({ disk }) => disk.system === system)?.disk;
      // A command for a pair that does not exist is the target's to refuse.
      if (pair === undefined || here === undefined) continue;
      if (given.kind === "takeover") this.#acknowledged.scan(here);
      this.#consents.issued(command, given, pair, here, this.#model.now);
    }
    this.#backups.issued(command, given, system);
    this.#restores.issued(command, given);
    if (given.kind === "recover")
      for (const disk of this.#model.disks)
        if (disk.name === given.volume) this.#journals.issued(command, disk, given.to);
    return command;
  }

  adminDone(command: number, known = true, at = this.#model.tick()): void {
    this.observe();
    if (known) this.#consents.answered(command, at);
    this.#consents.ended(command, at);
    this.#backups.answered(command, known, at);
    this.#restores.answered(command, known, at);
    this.#journals.answered(command, known);
  }

  adminRefused(command: number): void {
    this.observe();
    this.#consents.withdraw(command);
    this.#backups.refused(command);
    this.#restores.refused(command);
    this.#journals.answered(command, false);
  }

  imageRead(read: ImageRead): void {
    this.#images.read(read);
  }

  mark(volume: VolumeKey, timeUs: number): void {
    this.#journals.mark(this.#model.disk(volume), timeUs);
  }

  observe(): void {
    this.#model.tick();
    this.#look();
    for (const pair of this.#model.pairs) this.#model.observe(pair);
  }

  checkpoint(): void {
    this.observe();
    this.#difference.checkAll();
    for (const disk of this.#model.disks) this.#acknowledged.scan(disk);
    this.#backups.checkAll();
    this.#images.checkAll();
  }

  quiet(): void {
    this.checkpoint();
    this.#converged.check();
  }

  live(converged: boolean, waitingFor: string): void {
    const { findings } = this.#model;
    findings.count("L");
    if (!converged) findings.fail("L", "run", `did not come to rest within the bound: ${waitingFor}`, () => []);
  }

  finish(): CheckResult {
    this.checkpoint();
    this.#prefix.judgeAll();
    for (const disk of this.#model.disks) this.#unacknowledged.settle(disk);
    return this.#model.findings.result();
  }

  lost(name: string, until = this.#model.now): AcknowledgedLoss {
    const { primary, secondary } = this.#model.pair(name).config;
    return this.#acknowledged.lostFrom(this.#model.disk(primary), this.#model.disk(secondary), until);
  }

  soFar(): CheckResult {
    return this.#model.findings.result();
  }

  blame(name: string): readonly BlockBlame[] {
    const pair = this.#model.pair(name);
    return blameSectors(pair.sides[1].disk, this.#converged.differences(pair), this.#model.incidents);
  }

  /** What else the systems say: on which disk a volume is, which images and restores there are. */
  #look(): void {
    this.#journals.observe();
    this.#images.observe();
    this.#restores.observe();
  }

  /** The volume is on another disk: all of its content may have changed at once. */
  #swapped(disk: DiskState, other: CheckedDisk): void {
    const reason: DiskChange["reason"] = this.#model.down.has(disk.system) ? "power-loss" : "write";
    const whole = [{ offsetBytes: 0, lengthBytes: disk.view.sizeBytes }];
    for (const view of [disk.view, other])
      for (const { offsetBytes, lengthBytes } of view.allocatedRanges?.() ?? whole) {
        const change = { offsetBytes, lengthBytes, reason };
        this.#content.changed(disk, change);
        this.#difference.changed(disk, change);
      }
  }

  #reported(pair: PairState, wasDuplex: boolean): void {
    checkPrimaries(this.#model, this.#consents, pair);
    this.#prefix.observe(pair);
    this.#consents.observe(pair, this.#model.now);
    if (pair.isLocal) this.#backups.observe(pair);
    if (wasDuplex || !pair.isDuplexAtBothEnds) return;
    this.#consents.spent(pair);
    // What a dead system said last is not what it will hold when it is back.
    if (pair.sides.some(({ disk }) => this.#model.live(disk.system) === undefined)) return;
    if (!pair.isLocal) for (const { disk } of pair.sides) disk.weakened = false;
    else if (!pair.sides[0].disk.weakened) pair.sides[1].disk.weakened = false;
  }

  #issue(
    kind: OperationKind,
    host: string,
    volume: VolumeKey,
    offsetBytes: number,
    lengthBytes: number,
    fua: boolean,
  ): Operation {
    const disk: DiskState = this.#model.disk(volume);
    const operation: Operation = {
      index: this.#operations.length,
      kind,
      host,
      disk: disk.index,
      firstSector: offsetBytes / SECTOR_BYTES,
      sectorCount: lengthBytes / SECTOR_BYTES,
      fua,
      issuedAt: this.#model.tick(),
      issuedNs: this.#model.nowNs(),
      endedAt: NEVER,
      state: "open",
      isTold: false,
      flushedAt: NEVER,
      askedAlone: this.#acknowledged.isAlone(disk),
      alone: false,
      durableOn: 0,
      firstVersion: 0,
      versionCount: 0,
    };
    this.#operations.push(operation);
    return operation;
  }

  #issueZeros(kind: "trim" | "write-zeroes", { host, volume, offsetBytes, lengthBytes }: HostRange): number {
    const operation = this.#issue(kind, host, volume, offsetBytes, lengthBytes, false);
    this.#model.diskAt(operation.disk).versions.add(operation, undefined);
    return operation.index;
  }

  #end(index: number, state: "acknowledged" | HostErrorCode, at = this.#model.tick()): Operation {
    const operation = this.#operations[index];
    if (operation === undefined) throw new Error(`checker: operation ${index} was never issued`);
    if (operation.state !== "open")
      throw new Error(`checker: operation ${index} ended twice: ${operation.state}, ${state}`);
    operation.endedAt = at;
    operation.state = state;
    operation.isTold = state === "acknowledged";
    return operation;
  }

  /** The host was told that nothing was written: then it must be nowhere. */
  #judgeRefused(operation: Operation): void {
    const { findings, incidents } = this.#model;
    const { versions } = this.#model.diskAt(operation.disk);
    findings.count("U");
    for (const disk of this.#model.mirrorsOf(this.#model.diskAt(operation.disk))) {
      const bad: BadSector[] = [];
      const end = operation.firstVersion + operation.versionCount;
      for (let version = operation.firstVersion; version < end; version++) {
        const sector = versions.sector(version);
        const found = disk.hash.get(sector);
        if (found !== versions.hash(version) || versions.newest(sector, found) !== NO_VERSION) continue;
        bad.push({ sector, found, expected: "what was there before: the write was refused" });
      }
      if (bad.length > 0) {
        findings.fail("U", disk.volume, "a refused write is there", () => blameSectors(disk, bad, incidents));
      }
    }
  }
}

/** The pairs whose mirrors a command concerns. */
function pairsOf(command: AdminCommand): readonly string[] {
  if ("pair" in command) return [command.pair];
  return "mirrors" in command ? command.mirrors : [];
}

/** What a command is given for, for people. */
function subjectOf(command: AdminCommand): string {
  if ("pair" in command) return command.pair;
  if (command.kind === "recover-group") return command.group;
  return "volume" in command ? command.volume : command.mirrors.join(", ");
}
