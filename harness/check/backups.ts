import { SECTOR_BYTES } from "../../engine/ports/index.ts";
import type { AdminCommand } from "../target/target.ts";
import type { DiskChange } from "../world/run-world.ts";
import { type BadSector, blameSectors } from "./blame.ts";
import type { DiskState } from "./disk-state.ts";
import type { Model } from "./model.ts";
import type { Moment } from "./moment.ts";
import type { PairState } from "./pair-state.ts";
import { NO_VERSION } from "./versions.ts";

/** A command that splits local mirrors at its own moment (BR-6, BR-8). */
interface Split {
  readonly command: number;
  readonly moment: Moment;
  /** By mirror: the volume of whose content it is to be a copy. */
  readonly sources: ReadonlyMap<PairState, DiskState>;
  /** How often each mirror had been split before. */
  readonly countsBefore: ReadonlyMap<PairState, number>;
  /** Mirrors that no later split can be put down to it, with how often each had been split when that was seen. */
  readonly done: Map<PairState, number>;
  /** Whoever gave the command was told that it is done. */
  isAcknowledged: boolean;
}

/** A split local mirror whose moment is known: it stays as it is until it is made a mirror again. */
interface Backup {
  readonly pair: PairState;
  readonly mirror: DiskState;
  readonly count: number;
  /** The commands that it can come from; more than one only where one of them was not answered. */
  splits: readonly Split[];
  /** False while what was pending at the split is still being copied to it. */
  isComplete: boolean;
  /** Its system died before it was seen to change: by then it may have been no backup any more. */
  isUnsure: boolean;
}

/**
 * Invariant S of backups: a split local mirror holds what the volume where hosts write held when the
 * command was given, all mirrors of one command at the same moment, and does not change (CR-6).
 */
export class Backups {
  readonly #model: Model;
  #splits: Split[] = [];
  readonly #counts = new Map<PairState, number>();
  readonly #held = new Map<DiskState, Backup>();
  /** By command: local mirrors that it is to forget, or that it may have forgotten. */
  readonly #forgotten = new Map<number, PairState>();
  /** Of these commands: whoever gave them was told that they are done. */
  readonly #forgottenBefore = new Set<number>();

  constructor(model: Model) {
    this.#model = model;
  }

  /** Before the command is given, at `system`. */
  issued(command: number, given: AdminCommand, system: string): void {
    if (given.kind === "delete")
      for (const pair of this.#model.pairs)
        if (pair.isLocal && pair.config.name === given.pair) this.#forgotten.set(command, pair);
    const mirrors = this.#mirrorsOf(given);
    if (mirrors.length === 0) return;
    const remotes = given.kind === "backup" ? given.pairs : [];
    const sources = new Map(mirrors.map((pair) => [pair, this.#sourceOf(pair, remotes)]));
    const volumes = new Set(sources.values());
    const moment = this.#model.moment(this.#model.now, volumes);
    // Only where hosts write, and nowhere else, the command is a moment of their history by itself.
    let isThere = this.#model.isInStep;
    for (const source of volumes) {
      const isCopy = this.#model.isCopy(source);
      if (isCopy) moment.atLeastPresent(source);
      if (isCopy || source.system !== system) isThere = false;
    }
    if (!isThere) moment.open();
    const countsBefore = new Map(mirrors.map((pair) => [pair, this.#countOf(pair)]));
    this.#splits.push({ command, moment, sources, countsBefore, done: new Map(), isAcknowledged: false });
  }

  /** It was carried out, if that is `known`, by the moment `at`. */
  answered(command: number, known: boolean, at: number): void {
    if (known && this.#forgotten.has(command)) this.#forgottenBefore.add(command);
    const split = this.#splits.find((one) => one.command === command);
    if (split === undefined) return;
    split.isAcknowledged = known;
    // Without an answer it may still be on its way, and what split the mirror another command.
    if (!known) return;
    split.moment.close(at);
    for (const pair of split.sources.keys()) {
      const count = this.#countOf(pair);
      if (hasGrown(split, pair, count) && !split.done.has(pair)) split.done.set(pair, count);
    }
  }

  refused(command: number): void {
    this.#forgotten.delete(command);
    this.#splits = this.#splits.filter((one) => one.command !== command);
  }

  /** True if the pair's mirror holds a moment that is judged: a change of it may be the end of that. */
  isHeld(pair: PairState): boolean {
    return this.#held.size > 0 && this.#held.has(pair.sides[1].disk);
  }

  /** The reports of a local pair were read again. */
  observe(pair: PairState): void {
    const { disk: mirror, report } = pair.sides[1];
    const count = report?.splitCount ?? 0;
    const before = this.#countOf(pair);
    const held = this.#held.get(mirror);
    const isOver = held?.isComplete === true && report?.consistent === false;
    if (held !== undefined && (count !== held.count || report?.status !== "SPLIT" || isOver)) {
      // A crash may have undone a split that was not durable yet, and with it all that follows from it.
      if (held.isUnsure) this.#held.delete(mirror);
      if (count >= held.count) this.#judge();
      else if (![...this.#forgotten.values()].includes(pair)) this.#checkGone(held);
      this.#held.delete(mirror);
    } else if (held !== undefined && report?.consistent === true) held.isComplete = true;
    if (count === before) return;
    this.#counts.set(pair, count);
    if (count < before || report?.status !== "SPLIT") return;
    const splits = this.#splits.filter((split) => split.sources.has(pair) && !split.done.has(pair));
    for (const split of splits) {
      // Of several it is not known which one was carried out.
      if (splits.length > 1) break;
      split.moment.close(this.#model.now);
      split.done.set(pair, count);
    }
    // Without a command it was suspended for an error, which promises nothing.
    const { consistent: isComplete } = report;
    if (splits.length > 0) this.#held.set(mirror, { pair, mirror, count, splits, isComplete, isUnsure: false });
  }

  /** A disk changed: the mirror of a backup must not. What a power loss did is judged when the system is back. */
  changed(disk: DiskState, { offsetBytes, lengthBytes, reason }: DiskChange): void {
    if (this.#held.size === 0 || reason === "power-loss") return;
    const backup = this.#held.get(disk);
    if (backup === undefined) return;
    backup.isUnsure ||= this.#model.live(disk.system) === undefined;
    if (!backup.isComplete || backup.isUnsure) return;
    const bad: BadSector[] = [];
    const first = offsetBytes / SECTOR_BYTES;
    for (let sector = first; sector < first + lengthBytes / SECTOR_BYTES; sector++) {
      const wrong = backup.splits.map((split) => wrongAt(backup, split, sector));
      const last = wrong.at(-1);
      if (last !== undefined && !wrong.includes(undefined)) bad.push(last);
    }
    this.#report(backup, bad);
  }

  /** Every backup whose system serves: while it is down, nobody knows what it will say. */
  checkAll(): void {
    if (this.#splits.length === 0) return;
    for (const backup of this.#held.values())
      if (this.#model.live(backup.mirror.system) !== undefined) backup.isUnsure = false;
    this.#judge();
    for (const split of this.#splits) this.#checkTogether(split);
  }

  #judge(): void {
    const ready = [...this.#held.values()].filter(
      ({ isComplete, isUnsure, mirror }) => isComplete && !isUnsure && this.#model.live(mirror.system) !== undefined,
    );
    const wrongOf = new Map<Split, ReadonlyMap<Backup, readonly BadSector[]>>();
    for (const split of new Set(ready.flatMap(({ splits }) => splits))) {
      const members = ready.filter(({ splits }) => splits.includes(split));
      const bad = split.moment.judge(
        members.map((backup) => ({
          source: split.sources.get(backup.pair) as DiskState,
          contentOf: (sector) => contentOf(backup, split, sector),
        })),
      );
      wrongOf.set(split, new Map(members.map((backup, index) => [backup, bad[index] as BadSector[]])));
    }
    for (const backup of ready) {
      const fitting = backup.splits.filter((split) => wrongOf.get(split)?.get(backup)?.length === 0);
      const newest = backup.splits.at(-1) as Split;
      if (fitting.length > 0) backup.splits = fitting;
      this.#report(backup, fitting.length > 0 ? [] : (wrongOf.get(newest)?.get(backup) ?? []));
    }
  }

  #report({ mirror }: Backup, bad: readonly BadSector[]): void {
    const { findings, incidents } = this.#model;
    findings.count("S");
    if (bad.length === 0) return;
    const message = `the backup is not the moment of its command (${bad.length} sectors)`;
    findings.fail("S", mirror.volume, message, () => blameSectors(mirror, bad, incidents));
  }

  /** BR-8: either all mirrors of a command are split, or none. */
  #checkTogether(split: Split): void {
    const pairs = [...split.sources.keys()];
    if (pairs.length === 1 || pairs.some(({ sides }) => this.#model.live(sides[1].disk.system) === undefined)) return;
    // A mirror that is forgotten has never been split, when it is made again.
    if (pairs.some((pair) => this.#isForgottenSince(split, pair))) return;
    const { findings } = this.#model;
    const left = pairs.filter((pair) => !hasGrown(split, pair, this.#countOf(pair)));
    const byAnother = (pair: PairState): boolean =>
      this.#splits.some((other) => {
        if (other === split || !other.sources.has(pair)) return false;
        const count = other.done.get(pair);
        return other.command > split.command || count === undefined || hasGrown(split, pair, count);
      });
    // A later command, one that was under way, or one whose outcome nobody knows, may be the one that split it.
    if (pairs.every((pair) => left.includes(pair) || byAnother(pair))) return;
    findings.count("S");
    if (left.length === 0) return;
    const names = left.map(({ config }) => config.name).join(", ");
    findings.fail("S", "backup", `only some mirrors of one command are split, and not ${names}`, () => []);
  }

  /** What was acknowledged is durable: no crash undoes it. */
  #checkGone({ mirror, splits }: Backup): void {
    if (splits.length === 0 || !splits.every(({ isAcknowledged }) => isAcknowledged)) return;
    this.#model.findings.count("S");
    this.#model.findings.fail("S", mirror.volume, "a backup that was acknowledged is gone", () => []);
  }

  /** True if a command may have made the system forget the mirror after it was split. */
  #isForgottenSince(split: Split, pair: PairState): boolean {
    for (const [command, forgotten] of this.#forgotten)
      if (forgotten === pair && (command > split.command || !this.#forgottenBefore.has(command))) return true;
    return false;
  }

  #countOf(pair: PairState): number {
    return this.#counts.get(pair) ?? 0;
  }

  /** The local mirrors that a command splits. */
  #mirrorsOf(given: AdminCommand): PairState[] {
    const names = given.kind === "backup" ? given.mirrors : given.kind === "split" ? [given.pair] : [];
    return this.#model.pairs.filter(({ isLocal, config }) => isLocal && names.includes(config.name));
  }

  /** Through which volume the data of a mirror comes: the far end of a remote pair that the command names. */
  #sourceOf(mirror: PairState, remotes: readonly string[]): DiskState {
    const { disk } = mirror.sides[0];
    for (const pair of this.#model.pairsOf(disk))
      if (!pair.isLocal && remotes.includes(pair.config.name) && pair.side(disk).report?.role === "secondary")
        return pair.other(disk).disk;
    return disk;
  }
}

function hasGrown(split: Split, pair: PairState, count: number): boolean {
  return count > (split.countsBefore.get(pair) ?? 0);
}

/** What the mirror holds; `undefined` for what its own hosts have written since. */
function contentOf({ mirror }: Backup, { moment }: Split, sector: number): number | undefined {
  const { versions } = mirror;
  const hash = mirror.hash.get(sector);
  // Not only the newest: a restore may have brought what they wrote to other volumes.
  for (let version = versions.head.get(sector); version !== NO_VERSION; version = versions.previous(version)) {
    const { disk, issuedAt } = versions.operation(version);
    if (disk === mirror.index && issuedAt > moment.from && versions.isPossible(version, hash)) return undefined;
  }
  return hash;
}

function wrongAt(backup: Backup, split: Split, sector: number): BadSector | undefined {
  const source = split.sources.get(backup.pair) as DiskState;
  const found = contentOf(backup, split, sector);
  if (found === undefined || split.moment.allows(source, sector, found)) return undefined;
  return { sector, found, expected: split.moment.describe(source, sector) };
}
