import { type BadSector, describeVersion } from "./blame.ts";
import { SparseInts } from "./columns.ts";
import type { DiskState } from "./disk-state.ts";
import { isRefusedBy, type Operation } from "./operation.ts";
import { INITIAL_VERSION, NO_VERSION, type Versions } from "./versions.ts";

/** Content that should be that of one volume at a moment. */
export interface Held {
  /** The volume whose content it should be. */
  readonly source: DiskState;
  /** Hash of what is held of a sector; `undefined` where it is not known, or not of the volume. */
  contentOf(sector: number): number | undefined;
}

/**
 * A moment of the run, as closely as it is known: the order `from` at the earliest, `to` at the
 * latest. A command at the system where hosts write is one moment: then both are the same.
 *
 * At a moment a sector holds a version that was issued before it and is not older than any that had
 * been acknowledged by then. What volumes hold together must be so for one moment between the two:
 * if one has a write, all have what was acknowledged before that write was issued.
 */
export class Moment {
  readonly from: number;
  #to: number;
  /** By source and sector: the newest version that must be there, as of `from`. */
  readonly #wanted = new Map<DiskState, SparseInts>();
  #mayBeOverwritten = false;

  /** @param sources what must hold of these is kept as far as it is known now */
  constructor(from: number, sources: Iterable<DiskState>, to = from) {
    this.from = from;
    this.#to = to;
    for (const source of sources) if (!this.#wanted.has(source)) this.#wanted.set(source, requiredAt(source, from));
  }

  /**
   * No host writes to the volume: it gets its content from another one, perhaps late. Then what its
   * disk holds now is a better measure than what was promised, except for what was refused: to its own hosts, or by its disk.
   */
  atLeastPresent(source: DiskState): void {
    const { versions } = source;
    const wanted = this.#wanted.get(source);
    for (let place = 0; place < versions.touchedCount; place++) {
      const sector = versions.touched[place] as number;
      const floor = source.remains.get(sector)?.before ?? source.floor.get(sector);
      if (isRefusedBy(source.index, versions.operation(floor))) continue;
      if (floor !== INITIAL_VERSION && versions.precedes(wanted?.get(sector) ?? INITIAL_VERSION, floor))
        wanted?.set(sector, floor);
    }
  }

  /** A resync may have overwritten the volume before this moment: what it was seen to replace need not be there. */
  mayBeOverwritten(): void {
    this.#mayBeOverwritten = true;
  }

  /** It turns out that `operation` had been acknowledged by then. */
  acknowledged({ firstVersion, versionCount }: Operation, versions: Versions): void {
    for (const [source, wanted] of this.#wanted) {
      if (source.versions !== versions) continue;
      for (let version = firstVersion; version < firstVersion + versionCount; version++) {
        const sector = versions.sector(version);
        const isRequired = (versions.required(version) & source.bit) !== 0;
        if (isRequired && version > wanted.get(sector)) wanted.set(sector, version);
      }
    }
  }

  /** It may be later, until {@link close}. */
  open(): void {
    this.#to = Number.POSITIVE_INFINITY;
  }

  /** It has come by `to`. */
  close(to: number): void {
    this.#to = Math.min(this.#to, to);
  }

  /** True if the sector of `source` may hold this content at a moment between the two. */
  allows(source: DiskState, sector: number, hash: number): boolean {
    return this.#oldest(source.versions, sector, hash, this.#wantedAt(source, sector)) !== NO_VERSION;
  }

  /** Every content that the sector may have at a moment between the two. */
  candidates(source: DiskState, sector: number): number[] {
    const { versions } = source;
    const wanted = this.#wantedAt(source, sector);
    const found: number[] = [];
    for (let version = versions.head.get(sector); version !== NO_VERSION; version = versions.previous(version)) {
      const hash = versions.hash(version);
      if (found.includes(hash) || !versions.isPossible(version, hash)) continue;
      if (this.#hasBegun(versions.operation(version)) && !versions.precedes(version, wanted)) found.push(hash);
    }
    return found;
  }

  /** What the sector holds at the moment, in words. */
  describe(source: DiskState, sector: number): string {
    return `${describeVersion(source, this.#wantedAt(source, sector))}: the moment of ${source.volume}`;
  }

  /** For each of `members` what of it is not of one moment, the same for all of them. */
  judge(members: readonly Held[]): BadSector[][] {
    let latest = this.from;
    const bad = members.map((held) => {
      const { source } = held;
      const { versions } = source;
      const wrong: BadSector[] = [];
      for (let place = 0; place < versions.touchedCount; place++) {
        const sector = versions.touched[place] as number;
        const found = held.contentOf(sector);
        if (found === undefined) continue;
        const version = this.#oldest(versions, sector, found, this.#wantedAt(source, sector));
        if (version === NO_VERSION) wrong.push({ sector, found, expected: this.describe(source, sector) });
        else latest = Math.max(latest, versions.operation(version).issuedAt);
      }
      return wrong;
    });
    if (latest > this.from) for (const [index, held] of members.entries()) bad[index]?.push(...missingAt(held, latest));
    return bad;
  }

  /** A restore of what is there already changes nothing, so it has no place among the entries of a journal. */
  #hasBegun({ kind, issuedAt }: Operation): boolean {
    return issuedAt < (kind === "restore" ? Math.max(this.from, this.#to) : this.#to);
  }

  #wantedAt(source: DiskState, sector: number): number {
    const wanted = this.#wanted.get(source)?.get(sector) ?? INITIAL_VERSION;
    const isReplaced = this.#mayBeOverwritten && (source.versions.required(wanted) & source.bit) === 0;
    return isReplaced ? INITIAL_VERSION : wanted;
  }

  /** The oldest version of those that fit that the content can be. */
  #oldest(versions: Versions, sector: number, hash: number, wanted: number): number {
    let found = NO_VERSION;
    for (let version = versions.head.get(sector); version !== NO_VERSION; version = versions.previous(version)) {
      if (!versions.isPossible(version, hash) || !this.#hasBegun(versions.operation(version))) continue;
      if (versions.precedes(version, wanted)) continue;
      found = version;
      if (!versions.repeats(version)) break;
    }
    return found;
  }
}

/** What lacks a write that was acknowledged before the order `at`. */
function missingAt({ source, contentOf }: Held, at: number): BadSector[] {
  const { versions } = source;
  const bad: BadSector[] = [];
  for (let place = 0; place < versions.touchedCount; place++) {
    const sector = versions.touched[place] as number;
    const found = contentOf(sector);
    if (found === undefined) continue;
    const wanted = versions.newestRequired(sector, source.bit, ({ endedAt }) => endedAt < at);
    if (wanted === NO_VERSION || versions.covers(sector, found, wanted)) continue;
    bad.push({ sector, found, expected: `${describeVersion(source, wanted)}: a later write is there` });
  }
  return bad;
}

function requiredAt(source: DiskState, at: number): SparseInts {
  const { versions } = source;
  const wanted = new SparseInts(versions.sectorCount);
  for (let place = 0; place < versions.touchedCount; place++) {
    const sector = versions.touched[place] as number;
    const version = versions.newestRequired(sector, source.bit, ({ endedAt }) => endedAt <= at);
    if (version !== NO_VERSION) wanted.set(sector, version);
  }
  return wanted;
}
