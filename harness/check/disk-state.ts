import { SECTOR_BYTES } from "../../engine/ports/index.ts";
import type { DiskChange } from "../world/run-world.ts";
import type { CheckedDisk, VolumeKey } from "./checker.ts";
import { SparseFloats, SparseInts } from "./columns.ts";
import { hashSectors } from "./sector-hash.ts";
import type { Versions } from "./versions.ts";

const PIECE_SECTORS = 128;
const pieceHashes = new Float64Array(PIECE_SECTORS);

/** When and why a disk changed. */
export interface ChangeNote {
  readonly at: number;
  readonly timeNs: number;
  readonly reason: DiskChange["reason"];
}

/** Hears of every sector whose content differs from what it was. */
export interface SectorListener {
  sectorChanged(disk: DiskState, sector: number, before: number, after: number): void;
}

/** What requests left that the disk refused: it is promised to nobody as long as nobody has seen it. */
export interface Remains {
  /** The {@link DiskState.floor} of what was there before the first of them. */
  readonly before: number;
  /**
   * The same before the first one since the system started: its next start may put that back. `undefined` if there was none:
   * a later start leaves what the first one left.
   */
  undoneTo: number | undefined;
  /** The hash of it. */
  readonly left: number;
}

/** What one disk holds, sector by sector, as versions of its mirrored volume. */
export class DiskState {
  readonly index: number;
  readonly volume: VolumeKey;
  readonly system: string;
  /** As its system names it, `pvol` for `a/pvol`. */
  readonly name: string;
  /** Its system keeps something of its own there. */
  readonly reserved: boolean;
  /** Where the volume's content is now. */
  view: CheckedDisk;
  readonly versions: Versions;
  /** Its bit among the disks of its mirrored set. */
  readonly bit: number;
  readonly sectorCount: number;
  /** Hash of the present content. */
  readonly hash: SparseFloats;
  /** The oldest version that the present content can be, given what was there before. */
  readonly floor: SparseInts;
  /** When a sector last went back to an older version with good reason, or may have. */
  readonly resetAt = new Map<number, number>();
  /** By sector, until another request brings it or a host has read it. */
  readonly remains = new Map<number, Remains>();
  /** What was replaced since: a loss of power may bring it back. */
  readonly #replaced = new Map<number, Remains>();
  /** True from a power loss to the end of the next resync. */
  weakened = false;
  /** When its system last lost power; -1 for never. */
  powerLostAt = -1;
  readonly #lastChange: SparseInts;
  readonly #changes: ChangeNote[] = [];

  constructor(index: number, view: CheckedDisk, versions: Versions, bit: number) {
    this.index = index;
    this.volume = view.volume;
    this.system = view.volume.slice(0, view.volume.indexOf("/"));
    this.view = view;
    this.reserved = view.reserved === true;
    this.name = view.volume.slice(this.system.length + 1);
    this.versions = versions;
    this.bit = bit;
    this.sectorCount = view.sizeBytes / SECTOR_BYTES;
    this.hash = new SparseFloats(this.sectorCount);
    this.floor = new SparseInts(this.sectorCount);
    this.#lastChange = new SparseInts(this.sectorCount);
  }

  /** Takes in the present content of a range. */
  refresh(change: DiskChange, at: number, timeNs: number, listener: SectorListener): void {
    const first = change.offsetBytes / SECTOR_BYTES;
    const end = first + change.lengthBytes / SECTOR_BYTES;
    const note = this.#changes.push({ at, timeNs, reason: change.reason });
    for (let start = first; start < end; ) {
      if (change.reason === "trim") {
        start = this.hash.skipEmpty(start, end);
        if (start === end) break;
      }
      const count = Math.min(end - start, PIECE_SECTORS - (start % PIECE_SECTORS));
      hashSectors(this.view.peek(start * SECTOR_BYTES, count * SECTOR_BYTES), pieceHashes);
      for (let index = 0; index < count; index++) {
        const sector = start + index;
        const before = this.hash.get(sector);
        const after = pieceHashes[index] as number;
        if (before === after) continue;
        this.hash.set(sector, after);
        listener.sectorChanged(this, sector, before, after);
        this.#lastChange.set(sector, note);
      }
      start += count;
    }
  }

  /** A request made it all of the range: nothing there is what a refused one left. */
  replaceRemains({ offsetBytes, lengthBytes }: DiskChange): void {
    const first = offsetBytes / SECTOR_BYTES;
    const end = first + lengthBytes / SECTOR_BYTES;
    for (const [sector, remains] of this.remains) {
      if (sector < first || sector >= end) continue;
      this.remains.delete(sector);
      this.#replaced.set(sector, remains);
    }
  }

  /** A request that the disk refused changed the sector. @param floor of what was there before it; `left` is the hash of what it left */
  addRemains(sector: number, floor: number, left: number): void {
    const { before = floor, undoneTo = floor } = this.remains.get(sector) ?? {};
    this.remains.set(sector, { before, undoneTo, left });
  }

  /** A loss of power took what had replaced it. @param hash of what is there now */
  bringBackRemains(sector: number, hash: number): void {
    const replaced = this.#replaced.get(sector);
    if (replaced?.left === hash) this.remains.set(sector, replaced);
  }

  /** Its system started. */
  keepRemains(): void {
    for (const all of [this.remains, this.#replaced]) for (const remains of all.values()) remains.undoneTo = undefined;
  }

  /** Its system lost power: what was volatile may be gone. */
  losePower(at: number): void {
    this.weakened = true;
    this.powerLostAt = at;
  }

  /** What disk fault spoiled a sector; `undefined` if none did. */
  faultAt(sector: number): string | undefined {
    return this.view.faultAt?.(sector * SECTOR_BYTES);
  }

  lastChange(sector: number): ChangeNote | undefined {
    return this.#changes[this.#lastChange.get(sector) - 1];
  }
}
