import { type BadSector, blameSectors, describeVersion } from "./blame.ts";
import type { DiskState } from "./disk-state.ts";
import type { PairReport } from "../target/target.ts";
import type { Model } from "./model.ts";
import { describeOperation, INITIAL, type Operation } from "./operation.ts";
import type { PairState } from "./pair-state.ts";
import { INITIAL_VERSION, NO_VERSION } from "./versions.ts";

/** A secondary that says of itself that it is suspended and holds a moment of the history. */
interface Claim {
  readonly pair: PairState;
  readonly secondary: DiskState;
  readonly primary: DiskState;
  /**
   * Suspended by the link or a crash while in step: together with the other pairs of the link. No more once it says that
   * somebody split it: what had been sent when the link went was applied, and the split was among it.
   */
  together: boolean;
  readonly begunAt: number;
  /** When the secondary was seen to follow its primary again, before; -1 for always. */
  readonly joinedAt: number;
  /** The primary is being overwritten by this secondary: then its history is no measure any more. */
  void: boolean;
  /** Its system went down, and has said nothing since: whether a resync had begun by then was not seen. */
  unheard: boolean;
}

/**
 * Invariant X: a suspended secondary that claims to be consistent holds a closed cut of the
 * history. If it has a write, it has every write that was acknowledged before that one was issued,
 * across all pairs of the link that were suspended together. After a power loss of the secondary,
 * up to its next resync, it has every write that a host had flushed before.
 *
 * Judged when the claim ends (resync, takeover, end of the run): what had arrived before the cut
 * may still be on its way to the disk when the claim begins.
 */
export class Prefix {
  readonly #model: Model;
  readonly #claims = new Map<PairState, Claim>();
  /** Pairs whose secondary, consistent, was last seen copying: then it overwrote the primary. */
  readonly #reversed = new Set<PairState>();
  /**
   * Pairs whose secondary, if the next that it says is that it is consistent, holds a moment of an earlier suspension: it was last
   * seen copying, and either was consistent all the while, or its system went down then, and the start found it as before the resync.
   */
  readonly #behind = new Set<PairState>();
  /** Pairs whose secondary was last seen to follow its primary: copying, or in step. */
  readonly #joined = new Set<PairState>();
  readonly #joinedAt = new Map<PairState, number>();

  constructor(model: Model) {
    this.#model = model;
  }

  /** The reports of `pair` were read again; before anything that they announce is taken in. */
  observe(pair: PairState): void {
    const side = pair.secondary;
    const before = this.#claims.get(pair);
    const report = side?.report?.status === "SPLIT" && side.report.consistent ? side.report : undefined;
    if (before?.unheard === true && this.#model.live(before.secondary.system) !== undefined) {
      before.unheard = false;
      // What it held before the resync that overwrites it nobody has seen.
      if (report === undefined) before.void = true;
    }
    if (before !== undefined && (report === undefined || side?.disk !== before.secondary)) {
      this.#judge(before);
      this.#claims.delete(pair);
    } else if (before !== undefined && isPrimaryVoid(before)) {
      this.#judge(before);
      before.void = true;
    }
    if (side?.report?.status === "SPLIT") this.#joined.delete(pair);
    else if (side?.report !== undefined && !this.#joined.has(pair)) {
      this.#joined.add(pair);
      this.#joinedAt.set(pair, this.#model.now);
    }
    const present = this.#claims.get(pair);
    if (present !== undefined && report !== undefined && !isOfLink(report)) present.together = false;
    const wasReversed = this.#reversed.delete(pair);
    const wasBehind = this.#behind.has(pair);
    if (side !== undefined && this.#model.live(side.disk.system) !== undefined) this.#behind.delete(pair);
    // Only the source of a resync knows how far it is: the other end must not be taken for it because it claims too much.
    if (side?.report?.status === "COPY" && side.report.consistent && side.report.progress !== undefined)
      this.#reversed.add(pair);
    if (side?.report?.status === "COPY" && side.report.consistent) this.#behind.add(pair);
    if (side === undefined || report === undefined || this.#claims.has(pair)) return;
    const claim: Claim = {
      pair,
      secondary: side.disk,
      primary: pair.other(side.disk).disk,
      together: !wasBehind && isOfLink(report),
      begunAt: this.#model.now,
      joinedAt: this.#joinedAt.get(pair) ?? -1,
      void: false,
      unheard: false,
    };
    claim.void = wasReversed || isPrimaryVoid(claim);
    this.#claims.set(pair, claim);
  }

  /** True if the pair is suspended with a claim: a change of its secondary may be the end of it. */
  isClaimed(pair: PairState): boolean {
    return this.#claims.has(pair);
  }

  /** @param isSeen its disks were looked at within every event: if not, the end of a claim may not have been seen */
  systemDown(system: string, isSeen: boolean): void {
    for (const claim of this.#claims.values()) if (!isSeen && claim.secondary.system === system) claim.unheard = true;
    for (const pair of this.#model.pairs)
      if (pair.secondary?.disk.system === system && pair.secondary.report?.status === "COPY") this.#behind.add(pair);
  }

  judgeAll(): void {
    for (const claim of this.#claims.values()) this.#judge(claim);
  }

  #judge(claim: Claim): void {
    if (claim.void) return;
    const group = [claim];
    for (const other of this.#claims.values()) {
      const sameCut = other.together && claim.together && areOfOneCut(claim, other);
      const sameLink = other.pair.config.link === claim.pair.config.link;
      const sameWay = other.secondary.system === claim.secondary.system;
      if (other !== claim && !other.void && sameCut && sameLink && sameWay) group.push(other);
    }
    let latest = INITIAL;
    for (const member of group) latest = latestOn(member, latest);
    const { findings, incidents } = this.#model;
    findings.count("X");
    if (latest === INITIAL) return;
    for (const member of group) {
      const bad = missingBefore(member, latest, this.#model);
      if (bad.length === 0) continue;
      const message = `the suspended secondary has ${describeOperation(latest)} but lacks ${bad.length} sectors acknowledged before it`;
      findings.fail("X", member.secondary.volume, message, () => blameSectors(member.secondary, bad, incidents));
    }
  }
}

/** There was a time at which both followed their primaries: each of them began to before the other one was suspended. */
function areOfOneCut(one: Claim, other: Claim): boolean {
  return one.joinedAt < other.begunAt && other.joinedAt < one.begunAt;
}

/** It was suspended by no command. */
function isOfLink({ suspension }: PairReport): boolean {
  return suspension === "link" || suspension === "crash";
}

function isPrimaryVoid({ pair, primary }: Claim): boolean {
  return pair.side(primary).report?.consistent === false;
}

/**
 * The operation issued last of all that came to the secondary from its primary, and `least`. What its own hosts wrote, when
 * it was the primary, was there at once: nothing else had to come before it.
 */
function latestOn(claim: Claim, least: Operation): Operation {
  const { versions } = claim.secondary;
  let latest = least;
  for (let index = 0; index < versions.touchedCount; index++) {
    const sector = versions.touched[index] as number;
    const version = claim.secondary.floor.get(sector);
    if (version === INITIAL_VERSION) continue;
    const operation = versions.operation(version);
    if (operation.disk === claim.secondary.index) continue;
    if (operation.issuedAt > latest.issuedAt && isShared(claim, sector)) latest = operation;
  }
  return latest;
}

function missingBefore(claim: Claim, latest: Operation, model: Model): BadSector[] {
  const { secondary, primary } = claim;
  const { versions } = secondary;
  const fits = secondary.weakened
    ? (operation: Operation) => operation.flushedAt < latest.issuedAt
    : (operation: Operation) => operation.endedAt < latest.issuedAt;
  const bad: BadSector[] = [];
  for (let index = 0; index < versions.touchedCount; index++) {
    const sector = versions.touched[index] as number;
    const wanted = versions.newestRequired(sector, primary.bit, fits);
    if (wanted === NO_VERSION) continue;
    const found = secondary.hash.get(sector);
    if (found === versions.hash(wanted) || versions.covers(sector, found, wanted)) continue;
    // Who took over would see what a recovery has still to bring there; S has it that this comes.
    if (!isShared(claim, sector) || model.isLeft(secondary, sector)) continue;
    bad.push({ sector, found, expected: `${describeVersion(secondary, wanted)}, or newer` });
  }
  return bad;
}

/** False for what only the hosts of the secondary wrote, or may have: it lies over the copy, outside its history. */
function isShared({ secondary, primary }: Claim, sector: number): boolean {
  const { versions } = secondary;
  const present = secondary.floor.get(sector);
  const isOwn = (version: number): boolean => versions.operation(version).disk === secondary.index;
  if (!versions.repeats(present)) return !isOwn(present) || (versions.held(present) & primary.bit) !== 0;
  const hash = versions.hash(present);
  for (let version = versions.head.get(sector); version !== NO_VERSION; version = versions.previous(version)) {
    if (versions.hash(version) === hash && isOwn(version)) return false;
  }
  return true;
}
