import { SECTOR_BYTES } from "../../engine/ports/index.ts";
import type { DiskChange } from "../world/run-world.ts";
import type { Acknowledged } from "./acknowledged.ts";
import { type BadSector, blameSectors, describeVersion } from "./blame.ts";
import type { Consents } from "./consents.ts";
import type { DiskState, SectorListener } from "./disk-state.ts";
import type { Model } from "./model.ts";
import { INITIAL, type Operation } from "./operation.ts";
import type { PairState } from "./pair-state.ts";
import type { Unacknowledged } from "./unacknowledged.ts";
import { INITIAL_VERSION, NO_VERSION } from "./versions.ts";

/** A change passes through at most so many pairs, one after the other. */
const CASCADE_PAIRS_MAX = 4;

/**
 * What a visible change of a disk may be: something that a host wrote there (V), not older than
 * what was there (F), nobody's acknowledged write overwritten unasked (G), nothing flushed lost
 * (A), nothing back that was seen absent (U).
 */
export class ContentRules implements SectorListener {
  readonly #model: Model;
  readonly #acknowledged: Acknowledged;
  readonly #unacknowledged: Unacknowledged;
  readonly #consents: Consents;
  // Of the change that is being judged.
  #pairs: readonly PairState[] = [];
  #reason: DiskChange["reason"] = "write";
  #isRefused = false;
  #mayReset = false;
  #judged = 0;
  #overwriteCount = 0;
  readonly #invalid: BadSector[] = [];
  readonly #back: BadSector[] = [];
  readonly #lost: BadSector[] = [];
  readonly #again: BadSector[] = [];
  readonly #overwritten: BadSector[] = [];

  constructor(model: Model, acknowledged: Acknowledged, unacknowledged: Unacknowledged, consents: Consents) {
    this.#model = model;
    this.#acknowledged = acknowledged;
    this.#unacknowledged = unacknowledged;
    this.#consents = consents;
  }

  changed(disk: DiskState, change: DiskChange): void {
    const pairs = this.#model.pairsOf(disk);
    this.#pairs = pairs;
    this.#reason = change.reason;
    // What a dead program asked for nobody refused to it: its next start knows of a change that was under way.
    const isDead = this.#model.isInStep && this.#model.down.has(disk.system);
    this.#isRefused = change.isRefused === true && !isDead;
    // Then content that repeats may be any of its versions, older ones too.
    this.#mayReset = change.reason === "power-loss";
    for (const pair of pairs) if (pair.side(disk).report?.consistent === false) this.#mayReset = true;
    this.#judged = 0;
    this.#overwriteCount = 0;
    this.#unacknowledged.judgePostponed(disk);
    disk.refresh(change, this.#model.now, this.#model.nowNs(), this);
    // A loss of power brings nothing: it may leave some of it.
    if (change.isRefused !== true && change.reason !== "power-loss") disk.replaceRemains(change);
    if (this.#model.restoring.has(disk) && this.#isResynchronised(disk)) this.#replaceRestored(disk, change);
    if (this.#judged === 0) return;
    const { findings } = this.#model;
    findings.count("V");
    if (change.reason === "power-loss") this.#acknowledged.reportLostByPower(disk, this.#lost.splice(0));
    else findings.count("F");
    findings.count("G", this.#overwriteCount);
    this.#report("V", disk, "holds what no host wrote there", this.#invalid);
    if (this.#model.restoring.has(disk))
      this.#report("S", disk, "was restored to what is not the moment asked for", this.#back);
    else this.#report("F", disk, "went back to an older version", this.#back);
    this.#report(
      "G",
      disk,
      "an acknowledged write that only this side had was overwritten without an operator's choice",
      this.#overwritten,
    );
    if (this.#again.length > 0) this.#unacknowledged.report(disk, this.#again.splice(0));
  }

  sectorChanged(disk: DiskState, sector: number, before: number, after: number): void {
    const { versions } = disk;
    this.#judged++;
    for (const pair of this.#pairs) pair.difference.update(disk, sector, before, after);
    const floor = disk.floor.get(sector);
    const isRequest = this.#reason === "write" || this.#reason === "trim";
    if (isRequest && floor !== INITIAL_VERSION && versions.operation(floor).disk === disk.index) {
      const verdict = this.#overwrites(disk, sector, floor, after);
      if (verdict !== "no") this.#overwriteCount++;
      if (verdict === "unasked")
        this.#overwritten.push({ sector, found: after, expected: describeVersion(disk, floor) });
    }
    const version = versions.atLeast(sector, after, floor);
    // Where content repeats, the floor may be too low to show that an acknowledged write went.
    const wanted = versions.newestRequiredOfAny(sector, disk.bit);
    const lacksWanted = wanted !== NO_VERSION && !versions.covers(sector, after, wanted);
    if (version === NO_VERSION || lacksWanted) {
      this.#wentBack(disk, sector, after, version, version === NO_VERSION ? floor : wanted);
      return;
    }
    const byPower = this.#reason === "power-loss";
    if (versions.operation(version).state === "open" && (byPower || this.#isGivenUp(disk, versions.operation(floor)))) {
      this.#acknowledged.releaseUnder(disk, sector, after, byPower);
      disk.resetAt.set(sector, this.#model.now);
    }
    if (this.#isRefused) disk.addRemains(sector, floor, after);
    if (byPower) disk.bringBackRemains(sector, after);
    disk.floor.set(sector, this.#oldestOf(disk, sector, after, version));
    versions.hold(version, disk.bit);
    const bad = this.#unacknowledged.reappeared(disk, sector, after);
    if (bad === undefined) return;
    if (this.#isAgreed(disk)) this.#unacknowledged.forget(disk, sector);
    // What power took of a restore is brought again before a host sees it.
    else if (byPower && this.#model.restoring.has(disk)) this.#unacknowledged.postpone(disk, sector);
    else this.#again.push(bad);
  }

  /** True if an operator agreed that this disk gets another history. */
  #isAgreed(disk: DiskState): boolean {
    return this.#pairs.some((pair) => this.#consents.allows(pair, disk, INITIAL));
  }

  /** @param version what the sector can be all the same, if anything. @param newest what it should be at least */
  #wentBack(disk: DiskState, sector: number, after: number, version: number, newest: number): void {
    const { versions } = disk;
    const older = this.#oldestOf(disk, sector, after, version);
    if (older === NO_VERSION) {
      const expected = `${describeVersion(disk, newest)}, or another write of a host`;
      this.#invalid.push({ sector, found: after, expected });
      return;
    }
    if (this.#reason === "power-loss") {
      const bad = this.#acknowledged.lostByPower(disk, sector, after);
      if (bad !== undefined && !this.#wasUnderWay(disk, sector, after)) this.#lost.push(bad);
    } else if (!this.#mayGoBack(disk, sector, newest, after)) {
      this.#back.push({ sector, found: after, expected: `${describeVersion(disk, newest)}, or newer` });
    }
    this.#acknowledged.release(disk, sector, after, this.#isResynchronised(disk));
    disk.floor.set(sector, older);
    versions.hold(older, disk.bit);
    disk.resetAt.set(sector, this.#model.now);
    if (this.#isAgreed(disk)) this.#unacknowledged.forget(disk, sector);
  }

  /** What an agreed resync brings no restore brings any more: also where it is there already, so that nothing changes. */
  #replaceRestored(disk: DiskState, { offsetBytes, lengthBytes }: DiskChange): void {
    const { versions } = disk;
    const end = (offsetBytes + lengthBytes) / SECTOR_BYTES;
    for (let sector = offsetBytes / SECTOR_BYTES; sector < end; sector++) {
      const wanted = versions.newestRequiredOfAny(sector, disk.bit);
      if (wanted === NO_VERSION || versions.operation(wanted).kind !== "restore") continue;
      const found = disk.hash.get(sector);
      if (!versions.covers(sector, found, wanted) && this.#isGivenUp(disk, versions.operation(wanted)))
        this.#acknowledged.release(disk, sector, found, true);
    }
  }

  /** The oldest version that the sector can be. @param version the oldest that is not older than what was there; none without */
  #oldestOf({ versions }: DiskState, sector: number, after: number, version: number): number {
    const mayBeOlder = version === NO_VERSION || (this.#mayReset && versions.repeats(version));
    return mayBeOlder ? versions.oldest(sector, after) : version;
  }

  #report(rule: "V" | "F" | "G" | "S", disk: DiskState, message: string, found: BadSector[]): void {
    if (found.length === 0) return;
    const bad = found.splice(0);
    const { findings, incidents } = this.#model;
    findings.fail(rule, disk.volume, `${message} (${bad.length} sectors)`, () => blameSectors(disk, bad, incidents));
  }

  /** F: true if the new content comes from a resync source that never had, or rightly lost, what was here; or if nobody was promised what was here. */
  #mayGoBack(disk: DiskState, sector: number, floor: number, found: number): boolean {
    const { state } = disk.versions.operation(floor);
    if (state !== "acknowledged" && state !== "open") return true;
    if (this.#isUndone(disk, sector, found)) return true;
    // What is left of a resync that broke off lies over what a recovery has still to bring, and goes with it; the resync comes again.
    if (this.#isResynchronised(disk) && this.#model.isLeft(disk, sector)) return true;
    return this.#isFromSource(disk, sector, floor, found, CASCADE_PAIRS_MAX);
  }

  /** True if a start puts back what was there before a request that the disk refused, or something newer, and nobody was told that it is done. */
  #isUndone(disk: DiskState, sector: number, found: number): boolean {
    const { versions } = disk;
    const undoneTo = disk.remains.get(sector)?.undoneTo;
    if (undoneTo === undefined || !this.#model.down.has(disk.system)) return false;
    const wanted = versions.newestRequiredOfAny(sector, disk.bit);
    return (
      versions.covers(sector, found, undoneTo) && (wanted === NO_VERSION || versions.covers(sector, found, wanted))
    );
  }

  /** @param pairsLeft of the cascade that may still be looked through */
  #isFromSource(disk: DiskState, sector: number, floor: number, found: number, pairsLeft: number): boolean {
    const { versions } = disk;
    for (const pair of this.#model.pairsOf(disk)) {
      this.#model.observe(pair);
      if (!pair.mayBeOverwritten(pair.side(disk))) continue;
      const source = pair.other(disk).disk;
      if (source.hash.get(sector) === found) return true;
      // The source may hold something newer by now; what it sent was its own all the same.
      const sourceHadIt = (versions.held(floor) & source.bit) !== 0 && !versions.repeats(floor);
      const ownWrite = versions.operation(floor).disk !== source.index && !sourceHadIt;
      if (ownWrite && this.#everHeld(source, sector, found)) return true;
      // The source lost it, perhaps while it was still on its way to this side.
      if ((source.resetAt.get(sector) ?? -1) > versions.operation(floor).issuedAt) return true;
      // What the next volume of a cascade gets may be here before it is there.
      if (pairsLeft > 1 && this.#isFromSource(source, sector, floor, found, pairsLeft - 1)) return true;
    }
    return false;
  }

  /** True if a resync is overwriting this disk: then nothing that was to be there is promised, that of a restore neither. */
  #isResynchronised(disk: DiskState): boolean {
    if (this.#reason === "power-loss") return false;
    return this.#model.pairsOf(disk).some((pair) => !pair.isLocal && pair.side(disk).report?.consistent === false);
  }

  /** True if a resync is overwriting this disk, and an operator agreed to lose this operation by it. */
  #isGivenUp(disk: DiskState, operation: Operation): boolean {
    const agrees = (pair: PairState): boolean => this.#consents.allows(pair, disk, operation);
    return this.#isResynchronised(disk) && this.#model.pairsOf(disk).some(agrees);
  }

  /** True if a resync was overwriting this disk: the power loss may have let the write under way land here. */
  #wasUnderWay(disk: DiskState, sector: number, found: number): boolean {
    return this.#model.pairsOf(disk).some((pair) => {
      if (pair.side(disk).report?.consistent !== false) return false;
      const source = pair.other(disk).disk;
      return source.hash.get(sector) === found || this.#everHeld(source, sector, found);
    });
  }

  #everHeld(disk: DiskState, sector: number, hash: number): boolean {
    const { versions } = disk;
    for (let version = versions.head.get(sector); version !== NO_VERSION; version = versions.previous(version)) {
      if (versions.hash(version) !== hash) continue;
      if (versions.repeats(version) || (versions.held(version) & disk.bit) !== 0) return true;
    }
    return false;
  }

  /** G: whether the other end now overwrites a write of this end's own hosts, and whether it may. */
  #overwrites(disk: DiskState, sector: number, floor: number, after: number): "no" | "agreed" | "unasked" {
    const { versions } = disk;
    const operation = versions.operation(floor);
    if (operation.state !== "acknowledged" || versions.repeats(floor)) return "no";
    if (this.#isOwnWrite(disk, sector, after, floor)) return "no";
    let verdict: "no" | "agreed" | "unasked" = "no";
    for (const pair of this.#model.pairsOf(disk)) {
      const source = pair.other(disk).disk;
      if ((versions.held(floor) & source.bit) !== 0 || source.hash.get(sector) === versions.hash(floor)) return "no";
      if (this.#wentPast(disk, source, sector, floor)) return "no";
      this.#model.observe(pair);
      if (!pair.mayBeOverwritten(pair.side(disk))) continue;
      if (this.#consents.allows(pair, disk, operation)) return "agreed";
      verdict = "unasked";
    }
    return verdict;
  }

  /**
   * True if both sides once held something newer: the source's history contains what is here now,
   * which is back only because this disk lost power.
   */
  #wentPast(disk: DiskState, source: DiskState, sector: number, floor: number): boolean {
    const { versions } = disk;
    const both = disk.bit | source.bit;
    for (let version = versions.head.get(sector); version > INITIAL_VERSION; version = versions.previous(version)) {
      if ((versions.held(version) & both) === both && versions.precedes(floor, version)) return true;
    }
    return false;
  }

  /** True if the new content may be a write that a host of this end made after what was there. */
  #isOwnWrite(disk: DiskState, sector: number, hash: number, floor: number): boolean {
    const { versions } = disk;
    for (let version = versions.head.get(sector); version > INITIAL_VERSION; version = versions.previous(version)) {
      if (versions.hash(version) !== hash || version === floor) continue;
      if (versions.operation(version).disk === disk.index && !versions.precedes(version, floor)) return true;
    }
    return false;
  }
}
