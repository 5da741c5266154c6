import { type Random, SECTOR_BYTES } from "../../../../engine/ports/index.ts";
import type { ChangeListener, ChangeReason, Damage, DiskChange } from "./change.ts";
import type { UnflushedSector } from "../../run-world.ts";
import { resolvePowerLoss, type PowerLossMode, type SectorChoice, versionsBySector } from "./power-loss.ts";
import { CHUNK_BYTES, isZero, sameBytes, SparseBytes } from "./sparse-bytes.ts";
import { UndoLog, type UndoNote } from "./undo-log.ts";

/** What the pristine copy holds in a sector where it differs, and the fault that made the difference. */
export interface Overlay {
  readonly bytes: Uint8Array;
  readonly faultId: number;
}

/** A write, or without data a trim, that has not taken effect yet. */
export interface ArrivingRequest {
  readonly offsetBytes: number;
  readonly lengthBytes: number;
  readonly data: Uint8Array | undefined;
}

const ZEROS = new Uint8Array(SECTOR_BYTES);

/** What made a change, if it was not a request that was carried out as it was asked for. */
type ChangeCause = Pick<DiskChange, "faultId" | "isRefused">;

const AS_ASKED: ChangeCause = {};

/** How a change enters the medium: through the cache, durable at once, or past all order (decay). */
export type Placement = "volatile" | "durable" | "in-place";

/** Largest device, so that a sector's index fits 31 bits. */
const SIZE_BYTES_MAX = 2 ** 31 * SECTOR_BYTES;

/**
 * What a disk holds, without time and without requests: the content that reads see, what of it is
 * volatile, and a pristine copy beside (what the disk would hold had it done what it acknowledged),
 * kept only where it differs. The same code serves the simulated world and a block device of the
 * container world.
 *
 * Content and pristine copy move as a pair: when a power loss takes a sector back to an older
 * version, it takes back both, because an honest disk may have lost that version too.
 */
export class Medium {
  readonly content: SparseBytes;
  readonly undo: UndoLog<Overlay>;
  readonly overlay = new Map<number, Overlay>();
  readonly #listeners: ChangeListener[] = [];
  readonly #random: Random;
  #request = 0;
  #muted = false;

  /** @param cacheBytes bound of what is volatile at once; beyond it the oldest is written back */
  constructor(sizeBytes: number, cacheBytes: number, random: Random) {
    if (sizeBytes <= 0 || sizeBytes % SECTOR_BYTES !== 0 || sizeBytes > SIZE_BYTES_MAX) {
      throw new Error(`disk size ${sizeBytes}: not 1 to 2^31 whole sectors of ${SECTOR_BYTES} bytes`);
    }
    if (cacheBytes < CHUNK_BYTES) throw new Error(`disk cache ${cacheBytes}: less than ${CHUNK_BYTES} bytes`);
    this.content = new SparseBytes(sizeBytes);
    this.undo = new UndoLog(cacheBytes);
    this.#random = random;
  }

  /** Calls `listener` after every visible change, within the call that made it. Gives the way to stop. */
  onChange(listener: ChangeListener): () => void {
    this.#listeners.push(listener);
    return () => {
      const index = this.#listeners.indexOf(listener);
      if (index >= 0) this.#listeners.splice(index, 1);
    };
  }

  /** Writes whole sectors, as acknowledged, or as far as a request came that is refused. */
  write(offsetBytes: number, data: Uint8Array, placement: "volatile" | "durable", cause: ChangeCause = AS_ASKED): void {
    this.#request++;
    const endBytes = offsetBytes + data.length;
    for (let at = offsetBytes; at < endBytes; ) {
      const pieceBytes = Math.min(CHUNK_BYTES - (at % CHUNK_BYTES), endBytes - at);
      const piece = pieceBytes === data.length ? data : data.subarray(at - offsetBytes, at - offsetBytes + pieceBytes);
      this.#putPiece(at, piece, placement);
      at += pieceBytes;
    }
    this.#changed(offsetBytes, data.length, "write", cause);
  }

  /** Zeroes whole sectors, as {@link write}; volatile. */
  trim(offsetBytes: number, lengthBytes: number, cause: ChangeCause = AS_ASKED): void {
    this.#request++;
    const endBytes = offsetBytes + lengthBytes;
    for (let at = offsetBytes; at < endBytes; ) {
      const pieceBytes = Math.min(CHUNK_BYTES - (at % CHUNK_BYTES), endBytes - at);
      const chunk = this.content.chunk(Math.floor(at / CHUNK_BYTES));
      const sector = at / SECTOR_BYTES;
      const overlay = this.#takeOverlay(sector, pieceBytes / SECTOR_BYTES);
      if (chunk !== undefined || overlay !== undefined) {
        this.#save(at, pieceBytes, chunk, overlay);
        this.content.zeroPiece(at, pieceBytes);
      }
      at += pieceBytes;
    }
    this.#changed(offsetBytes, lengthBytes, "trim", cause);
  }

  /** What a flush called now has to make durable; to be given to {@link flush} when it completes. */
  flushMark(): number {
    return this.undo.tail;
  }

  /** Makes durable what had completed at `mark`. */
  flush(mark: number): void {
    this.undo.dropBefore(mark);
  }

  /**
   * The device did something else than it acknowledged.
   *
   * @param actual what the medium holds from now on; `undefined`: unchanged
   * @param honest what it should hold; `undefined`: as before
   * @returns the number of sectors that differ from the pristine copy and did not before, or differ otherwise
   */
  diverge(
    offsetBytes: number,
    lengthBytes: number,
    actual: Uint8Array | undefined,
    honest: Uint8Array | undefined,
    placement: Placement,
    faultId: number,
  ): number {
    this.#request++;
    const pristine = honest ?? this.pristine(offsetBytes, lengthBytes);
    const endBytes = offsetBytes + lengthBytes;
    let sectorCount = 0;
    for (let at = offsetBytes; at < endBytes; ) {
      const pieceBytes = Math.min(CHUNK_BYTES - (at % CHUNK_BYTES), endBytes - at);
      const start = at - offsetBytes;
      const before = this.#takeOverlay(at / SECTOR_BYTES, pieceBytes / SECTOR_BYTES);
      this.#place(at, pieceBytes, placement, before);
      if (actual !== undefined) this.content.putPiece(at, actual.subarray(start, start + pieceBytes));
      for (let local = start; local < start + pieceBytes; local += SECTOR_BYTES) {
        const sector = (offsetBytes + local) / SECTOR_BYTES;
        const expected = pristine.subarray(local, local + SECTOR_BYTES);
        if (sameBytes(this.content.peek(offsetBytes + local, SECTOR_BYTES), expected)) continue;
        this.overlay.set(sector, { bytes: expected.slice(), faultId });
        sectorCount++;
      }
      at += pieceBytes;
    }
    if (actual !== undefined) this.#changed(offsetBytes, lengthBytes, "fault", { faultId });
    return sectorCount;
  }

  /**
   * Power is lost: of what is volatile every sector goes back to one of its versions since it was
   * last durable, or stays. Afterwards everything is durable.
   *
   * @param arriving applies the requests in flight: they may have reached any of their sectors
   * @returns the number of sectors that did not keep what they held
   */
  powerLoss(mode: PowerLossMode | SectorChoice, arriving?: () => void): number {
    const before = this.undo.tail;
    this.#muted = true;
    arriving?.();
    this.#muted = false;
    const changes = resolvePowerLoss(this.undo, before, mode, this.#request, this.#random, (sector, bytes, overlay) => {
      const at = sector * SECTOR_BYTES;
      if (bytes === undefined) this.content.zeroPiece(at, SECTOR_BYTES);
      else this.content.putPiece(at, bytes);
      if (overlay === undefined) this.overlay.delete(sector);
      else this.overlay.set(sector, overlay);
    });
    this.undo.dropBefore(this.undo.tail);
    for (const { firstSector, sectorCount } of changes.runs) {
      this.#changed(firstSector * SECTOR_BYTES, sectorCount * SECTOR_BYTES, "power-loss");
    }
    return changes.lostSectorCount;
  }

  /**
   * What a power loss now could take or leave: every sector with a version that is not durable, in the order of their
   * first writes.
   *
   * @param arriving the writes and trims in flight, oldest first; of a trim without data
   * @param idOf gives a number to the content of a sector
   */
  unflushed(arriving: readonly ArrivingRequest[], idOf: (bytes: Uint8Array) => number): UnflushedSector[] {
    const found = new Map<number, { durable: number; versions: { latest: number; content: number }[] }>();
    const newest = this.#request + arriving.length;
    const contentOf = (sector: number, replacedBy: number | undefined): number => {
      if (replacedBy === undefined) return idOf(this.content.peek(sector * SECTOR_BYTES, SECTOR_BYTES));
      return idOf(this.undo.oldSector(replacedBy, sector) ?? ZEROS);
    };
    for (const [sectorIndex, records] of versionsBySector(this.undo)) {
      const versions = records.map((sequence, index) => ({
        latest: newest - this.undo.request(sequence) + 1,
        content: contentOf(sectorIndex, records[index + 1]),
      }));
      found.set(sectorIndex, { durable: contentOf(sectorIndex, records[0]), versions });
    }
    for (const [index, { offsetBytes, lengthBytes, data }] of arriving.entries()) {
      for (let at = 0; at < lengthBytes; at += SECTOR_BYTES) {
        const sectorIndex = (offsetBytes + at) / SECTOR_BYTES;
        const content = idOf(data?.subarray(at, at + SECTOR_BYTES) ?? ZEROS);
        const sector = found.get(sectorIndex) ?? { durable: contentOf(sectorIndex, undefined), versions: [] };
        sector.versions.push({ latest: arriving.length - index, content });
        found.set(sectorIndex, sector);
      }
    }
    return [...found].map(([sectorIndex, sector]) => ({ sectorIndex, ...sector }));
  }

  /** Gives the memory up: all is zeros, and durable. */
  release(): void {
    this.content.release();
    this.undo.release();
    this.overlay.clear();
  }

  /** Marks the records since `sinceSequence`: the next power loss keeps of them what `keeps` says. */
  tear(sinceSequence: number, keeps: (sectorIndex: number) => boolean): void {
    for (let sequence = Math.max(sinceSequence, this.undo.head); sequence < this.undo.tail; sequence++) {
      this.#note(sequence).torn = keeps;
    }
  }

  /** Makes these sectors durable as they are now. */
  settle(offsetBytes: number, lengthBytes: number): void {
    this.undo.barrier(offsetBytes / SECTOR_BYTES, lengthBytes / SECTOR_BYTES, ++this.#request);
  }

  /** What would be left if everything volatile were lost. A copy. */
  durable(offsetBytes: number, lengthBytes: number): Uint8Array {
    const bytes = this.content.copy(offsetBytes, lengthBytes);
    const first = offsetBytes / SECTOR_BYTES;
    const end = first + lengthBytes / SECTOR_BYTES;
    const settled = new Set<number>();
    for (let sequence = this.undo.tail - 1; sequence >= this.undo.head; sequence--) {
      const recordFirst = this.undo.firstSector(sequence);
      const recordEnd = recordFirst + this.undo.sectorCount(sequence);
      for (let sector = Math.max(first, recordFirst); sector < Math.min(end, recordEnd); sector++) {
        if (settled.has(sector)) continue;
        if (this.undo.isBarrier(sequence)) settled.add(sector);
        else {
          const at = (sector - first) * SECTOR_BYTES;
          const old = this.undo.oldSector(sequence, sector);
          if (old === undefined) bytes.fill(0, at, at + SECTOR_BYTES);
          else bytes.set(old, at);
        }
      }
    }
    return bytes;
  }

  /** What the disk would hold had it done what it acknowledged. A copy. */
  pristine(offsetBytes: number, lengthBytes: number): Uint8Array {
    const bytes = this.content.copy(offsetBytes, lengthBytes);
    if (this.overlay.size === 0) return bytes;
    const first = offsetBytes / SECTOR_BYTES;
    const sectorCount = lengthBytes / SECTOR_BYTES;
    for (let index = 0; index < sectorCount; index++) {
      const entry = this.overlay.get(first + index);
      if (entry !== undefined) bytes.set(entry.bytes, index * SECTOR_BYTES);
    }
    return bytes;
  }

  /** Every sector that differs from the pristine copy, rising. */
  damage(): Damage[] {
    return [...this.overlay]
      .map(([sectorIndex, { faultId }]) => ({ sectorIndex, faultId }))
      .sort((left, right) => left.sectorIndex - right.sectorIndex);
  }

  #putPiece(at: number, piece: Uint8Array, placement: "volatile" | "durable"): void {
    const chunk = this.content.chunk(Math.floor(at / CHUNK_BYTES));
    const sector = at / SECTOR_BYTES;
    const overlay = this.#takeOverlay(sector, piece.length / SECTOR_BYTES);
    if (placement === "durable") this.undo.barrier(sector, piece.length / SECTOR_BYTES, this.#request);
    // Zeros over zeros make no new version: an image full of zeros costs nothing.
    else if (chunk === undefined && overlay === undefined && isZero(piece)) return;
    else this.#save(at, piece.length, chunk, overlay);
    this.content.putPiece(at, piece);
  }

  #place(at: number, pieceBytes: number, placement: Placement, overlay: Map<number, Overlay> | undefined): void {
    if (placement === "durable") this.undo.barrier(at / SECTOR_BYTES, pieceBytes / SECTOR_BYTES, this.#request);
    else if (placement === "volatile") {
      this.#save(at, pieceBytes, this.content.chunk(Math.floor(at / CHUNK_BYTES)), overlay);
    }
  }

  #save(
    at: number,
    pieceBytes: number,
    chunk: Uint8Array | undefined,
    overlay: Map<number, Overlay> | undefined,
  ): void {
    const local = at % CHUNK_BYTES;
    const old = chunk === undefined || pieceBytes === chunk.length ? chunk : chunk.subarray(local, local + pieceBytes);
    const sequence = this.undo.save(at / SECTOR_BYTES, pieceBytes / SECTOR_BYTES, old, this.#request);
    if (overlay !== undefined) this.#note(sequence).overlay = overlay;
  }

  #note(sequence: number): UndoNote<Overlay> {
    let note = this.undo.notes.get(sequence);
    if (note === undefined) {
      note = {};
      this.undo.notes.set(sequence, note);
    }
    return note;
  }

  /** Removes the differences of these sectors and gives them; `undefined` if there were none. */
  #takeOverlay(firstSector: number, sectorCount: number): Map<number, Overlay> | undefined {
    if (this.overlay.size === 0) return undefined;
    const endSector = firstSector + sectorCount;
    let taken: Map<number, Overlay> | undefined;
    const take = (sector: number): void => {
      const entry = this.overlay.get(sector);
      if (entry === undefined) return;
      taken ??= new Map();
      taken.set(sector, entry);
      this.overlay.delete(sector);
    };
    if (this.overlay.size > sectorCount) for (let sector = firstSector; sector < endSector; sector++) take(sector);
    else for (const sector of this.overlay.keys()) if (sector >= firstSector && sector < endSector) take(sector);
    return taken;
  }

  #changed(offsetBytes: number, lengthBytes: number, reason: ChangeReason, cause: ChangeCause = AS_ASKED): void {
    if (this.#listeners.length === 0 || this.#muted || lengthBytes === 0) return;
    const change = { offsetBytes, lengthBytes, reason, ...cause };
    for (const listener of this.#listeners) listener(change);
  }
}
