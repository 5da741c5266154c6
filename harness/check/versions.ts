import { doubledBytes, doubledFloats, doubledInts, SparseInts } from "./columns.ts";
import { INITIAL, type Operation, precedes } from "./operation.ts";
import { ZERO_HASH } from "./sector-hash.ts";

/** The version that every sector begins with. */
export const INITIAL_VERSION = 0;
/** How far back content is looked for to see that it repeats; further back counts as long gone. */
const REPEATS_WITHIN = 256;
/** Room at first; a short run never needs more. */
const FIRST_VERSIONS = 2048;
/** No version fits. */
export const NO_VERSION = -1;

/**
 * Everything that hosts ever wrote to one set of mirrored volumes: for each sector its versions,
 * newest first, as a chain through columns of numbers. Versions are numbered in the order of issue.
 *
 * The same content may have been written more than once; then a sector could be any of those
 * versions, and every question is answered in favour of the system under test.
 */
export class Versions {
  readonly sectorCount: number;
  /** Newest version of a sector. */
  readonly head: SparseInts;
  /** Sectors with a version besides the initial one, in the order of their first. */
  touched: Int32Array = new Int32Array(256);
  touchedCount = 0;
  #count = 1;
  #operations: Operation[] = [INITIAL];
  #hash: Float64Array = new Float64Array(FIRST_VERSIONS);
  #previous: Int32Array = new Int32Array(FIRST_VERSIONS);
  #sector: Int32Array = new Int32Array(FIRST_VERSIONS);
  #operation: Int32Array = new Int32Array(FIRST_VERSIONS);
  #required: Uint8Array = new Uint8Array(FIRST_VERSIONS);
  #held: Uint8Array = new Uint8Array(FIRST_VERSIONS);
  #repeated: Uint8Array = new Uint8Array(FIRST_VERSIONS);

  constructor(sectorCount: number) {
    this.sectorCount = sectorCount;
    this.head = new SparseInts(sectorCount);
    this.#previous[INITIAL_VERSION] = NO_VERSION;
  }

  /** Adds one version for each sector of `operation`; without `hashes` they are zeros. */
  add(operation: Operation, hashes: Float64Array | undefined): void {
    operation.firstVersion = this.#count;
    const slot = this.#operations.push(operation) - 1;
    const end = operation.firstSector + operation.sectorCount;
    for (let sector = operation.firstSector; sector < end; sector++) {
      if (hashes === undefined) {
        // Zeros where nothing was ever written are no new version: the trim of an empty volume costs nothing.
        sector = this.head.skipEmpty(sector, end);
        if (sector === end) break;
        if (this.head.get(sector) === INITIAL_VERSION) continue;
      }
      this.#append(sector, slot, hashes === undefined ? ZERO_HASH : (hashes[sector - operation.firstSector] as number));
    }
    operation.versionCount = this.#count - operation.firstVersion;
  }

  /** Adds versions of `operation` for sectors anywhere; two for one sector, if it may be either. */
  addScattered(operation: Operation, sectors: readonly number[], hashes: readonly number[]): void {
    operation.firstVersion = this.#count;
    const slot = this.#operations.push(operation) - 1;
    for (const [index, sector] of sectors.entries()) this.#append(sector, slot, hashes[index] as number);
    operation.versionCount = this.#count - operation.firstVersion;
  }

  #append(sector: number, slot: number, hash: number): void {
    const version = this.#count++;
    if (version === this.#hash.length) this.#grow();
    const previous = this.head.get(sector);
    this.#hash[version] = hash;
    this.#previous[version] = previous;
    this.#sector[version] = sector;
    this.#operation[version] = slot;
    this.head.set(sector, version);
    let older = previous;
    for (let step = 0; older !== NO_VERSION && step < REPEATS_WITHIN; step++, older = this.previous(older)) {
      if (this.#hash[older] !== hash) continue;
      this.#repeated[version] = 1;
      this.#repeated[older] = 1;
      break;
    }
    // A sector begins with zeros, however long ago.
    if (hash === ZERO_HASH) this.#repeated[version] = 1;
    if (previous !== INITIAL_VERSION) return;
    if (this.touchedCount === this.touched.length) this.touched = doubledInts(this.touched);
    this.touched[this.touchedCount++] = sector;
  }

  #grow(): void {
    this.#hash = doubledFloats(this.#hash);
    this.#previous = doubledInts(this.#previous);
    this.#sector = doubledInts(this.#sector);
    this.#operation = doubledInts(this.#operation);
    this.#required = doubledBytes(this.#required);
    this.#held = doubledBytes(this.#held);
    this.#repeated = doubledBytes(this.#repeated);
  }

  hash(version: number): number {
    return this.#hash[version] as number;
  }

  /** The version before it of the same sector; {@link NO_VERSION} before the initial one. */
  previous(version: number): number {
    return this.#previous[version] as number;
  }

  sector(version: number): number {
    return this.#sector[version] as number;
  }

  operation(version: number): Operation {
    return this.#operations[this.#operation[version] as number] as Operation;
  }

  /** When the oldest request to `disk` that was under way at the order `at` was issued; `at` without. */
  underWaySince(at: number, disk: number): number {
    let since = at;
    for (const operation of this.#operations) {
      const { issuedAt, endedAt } = operation;
      if (operation.disk === disk && issuedAt < since && endedAt > at) since = issuedAt;
    }
    return since;
  }

  /** Disks, as bits, that must hold this version or one that is not older. */
  required(version: number): number {
    return this.#required[version] as number;
  }

  require(version: number, disks: number): void {
    this.#required[version] = (this.#required[version] as number) | disks;
  }

  release(version: number, disks: number): void {
    this.#required[version] = (this.#required[version] as number) & ~disks;
  }

  /** Disks, as bits, that were seen to hold this version. */
  held(version: number): number {
    return this.#held[version] as number;
  }

  /** True if another version of the sector has the same content: which of them is there, nobody can tell. */
  repeats(version: number): boolean {
    return version === INITIAL_VERSION || this.#repeated[version] === 1;
  }

  hold(version: number, disk: number): void {
    if (version !== INITIAL_VERSION) this.#held[version] = (this.#held[version] as number) | disk;
  }

  /** True if the order of the two is known and `older` is the older one. */
  precedes(older: number, newer: number): boolean {
    return precedes(this.operation(older), this.operation(newer));
  }

  /** True if this content may be in the sector at all: nobody was told that it was not written. */
  isPossible(version: number, hash: number): boolean {
    return this.#hash[version] === hash && this.operation(version).state !== "REFUSED";
  }

  /** The oldest version with this content that is not older than `floor`. */
  atLeast(sector: number, hash: number, floor: number): number {
    let found = NO_VERSION;
    for (let version = this.head.get(sector); version !== NO_VERSION; version = this.previous(version)) {
      const older = version < floor && this.precedes(version, floor);
      if (older && found !== NO_VERSION) break;
      if (!older && this.isPossible(version, hash)) found = version;
      if (version === floor && found !== NO_VERSION) break;
    }
    return found;
  }

  /** The oldest version with this content. */
  oldest(sector: number, hash: number): number {
    let found = NO_VERSION;
    for (let version = this.head.get(sector); version !== NO_VERSION; version = this.previous(version)) {
      if (this.isPossible(version, hash)) found = version;
    }
    return found;
  }

  /** The newest version with this content. */
  newest(sector: number, hash: number): number {
    for (let version = this.head.get(sector); version !== NO_VERSION; version = this.previous(version)) {
      if (this.isPossible(version, hash)) return version;
    }
    return NO_VERSION;
  }

  /** True if content `hash` may be `wanted` or a version that is not older. */
  covers(sector: number, hash: number, wanted: number): boolean {
    for (let version = this.head.get(sector); version !== NO_VERSION; version = this.previous(version)) {
      if (this.isPossible(version, hash) && !this.precedes(version, wanted)) return true;
    }
    return false;
  }

  /** The newest version required on `disk` whose operation `fits`; {@link NO_VERSION} without. */
  newestRequired(sector: number, disk: number, fits: (operation: Operation) => boolean): number {
    for (let version = this.head.get(sector); version > INITIAL_VERSION; version = this.previous(version)) {
      if ((this.required(version) & disk) !== 0 && fits(this.operation(version))) return version;
    }
    return NO_VERSION;
  }

  /** The newest version required on `disk`, whatever its operation; {@link NO_VERSION} without. */
  newestRequiredOfAny(sector: number, disk: number): number {
    for (let version = this.head.get(sector); version > INITIAL_VERSION; version = this.#previous[version] as number) {
      if (((this.#required[version] as number) & disk) !== 0) return version;
    }
    return NO_VERSION;
  }

  /** A version of any sector with this content, for blame; {@link NO_VERSION} if no host wrote it. */
  anywhere(hash: number): number {
    for (let version = this.#count - 1; version > INITIAL_VERSION; version--) {
      if (this.isPossible(version, hash)) return version;
    }
    return NO_VERSION;
  }
}
