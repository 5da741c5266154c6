import { assert } from "../assert.ts";
import { type Disk, SECTOR_BYTES } from "../ports/index.ts";
import { decodeTableSector, encodeTableSector, type Exception, EXCEPTIONS_PER_SECTOR } from "./exception-table.ts";

export interface ExceptionStorePlace {
  readonly offsetBytes: number;
  readonly endBytes: number;
  readonly trackBytes: number;
}

/**
 * Exception tables on disk (SR-2), as the persistent store of dm-snapshot keeps them: slots for old
 * content, and a chain of table sectors that say which slot holds what. Every sector is written whole,
 * which is atomic, and has a checksum. A full sector is durable only after the one behind it, so the
 * chain ends where a sector is not full, and one that cannot be read in front of that is a loss.
 *
 * The first sector has two places, for even and odd moments: the chain of the next moment can be
 * begun while the present one is still needed.
 */
export class ExceptionStore {
  readonly slotCount: number;
  readonly #area: Disk;
  readonly #tableBytes: number;
  readonly #slotsBytes: number;
  readonly #trackBytes: number;
  #moment = 0;
  #prepared = 0;
  #known = new Map<number, Exception>();
  /** The exceptions of the last sector of the chain, which is the one with this index. */
  #tail: Exception[] = [];
  #tailIndex = 0;
  #nextSlot = 0;
  #queue: Exception[] = [];
  #running: Promise<void> | undefined;
  #following: Promise<void> | undefined;

  constructor(area: Disk, { offsetBytes, endBytes, trackBytes }: ExceptionStorePlace) {
    this.#area = area;
    this.#trackBytes = trackBytes;
    this.#tableBytes = offsetBytes;
    const roomBytes = endBytes - offsetBytes;
    let slots = Math.max(0, Math.floor(roomBytes / trackBytes));
    while (slots > 0 && exceptionStoreBytes(slots, trackBytes) > roomBytes) slots--;
    this.slotCount = slots;
    this.#slotsBytes = offsetBytes + tableSectors(slots) * SECTOR_BYTES;
  }

  /** Exceptions that are durable. */
  get known(): ReadonlyMap<number, Exception> {
    return this.#known;
  }

  get freeSlots(): number {
    return this.slotCount - this.#nextSlot;
  }

  /** Begins the chain of another moment, durably; the present one stays. @throws DiskError */
  async prepare(moment: number): Promise<void> {
    if (this.#prepared === moment) return;
    await this.#writeSector(moment, 0, []);
    this.#prepared = moment;
  }

  /** Goes over to the moment that was prepared. */
  open(moment: number): void {
    assert(this.#prepared === moment, "an exception table is prepared before it is used");
    assert(this.#queue.length === 0, "no exception of the last moment is under way");
    this.#moment = moment;
    this.#known = new Map();
    this.#tail = [];
    this.#tailIndex = 0;
    this.#nextSlot = 0;
  }

  /** @returns false if the chain is broken: exceptions may be missing. @throws DiskError */
  async load(moment: number): Promise<boolean> {
    this.#moment = moment;
    this.#prepared = moment;
    this.#known = new Map();
    this.#nextSlot = 0;
    const sectors = tableSectors(this.slotCount) - 1;
    for (let index = 0; index < sectors; index++) {
      const bytes = await this.#area.read(this.#sectorBytes(moment, index), SECTOR_BYTES);
      const exceptions = decodeTableSector(bytes, moment, index);
      if (exceptions === undefined) return false;
      for (const exception of exceptions) {
        this.#known.set(exception.track, exception);
        this.#nextSlot = Math.max(this.#nextSlot, exception.slot + 1);
      }
      this.#tail = exceptions;
      this.#tailIndex = index;
      if (exceptions.length < EXCEPTIONS_PER_SECTOR) return true;
    }
    return true;
  }

  /** The first of `count` neighbouring slots. There are so many. */
  take(count: number): number {
    assert(count <= this.freeSlots, "slots are taken only while there are any");
    const first = this.#nextSlot;
    this.#nextSlot += count;
    return first;
  }

  /** Where a slot's content is in the area. */
  slotOffsetBytes(slot: number): number {
    return this.#slotsBytes + slot * this.#trackBytes;
  }

  /**
   * Makes exceptions durable whose content has been written: first the content, then the table. Calls
   * that come during one share the next: one flush and one write for all of them.
   * @throws DiskError: the exceptions may or may not be there; do not change the tracks
   */
  commit(exceptions: readonly Exception[]): Promise<void> {
    this.#queue.push(...exceptions);
    if (this.#following !== undefined) return this.#following;
    if (this.#running === undefined) return this.#start();
    const start = (): Promise<void> => this.#start();
    this.#following = this.#running.then(start, start);
    return this.#following;
  }

  #start(): Promise<void> {
    this.#following = undefined;
    const group = this.#queue;
    this.#queue = [];
    this.#running = this.#commitGroup(group).finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async #commitGroup(group: readonly Exception[]): Promise<void> {
    if (group.length === 0) return;
    await this.#area.flush();
    const sectors: Exception[][] = [];
    const all = [...this.#tail, ...group];
    for (let at = 0; at < all.length; at += EXCEPTIONS_PER_SECTOR)
      sectors.push(all.slice(at, at + EXCEPTIONS_PER_SECTOR));
    if (sectors.at(-1)?.length === EXCEPTIONS_PER_SECTOR) sectors.push([]);
    const [first = [], ...rest] = sectors;
    await Promise.all(
      rest.map((sector, index) => this.#writeSector(this.#moment, this.#tailIndex + 1 + index, sector)),
    );
    // This one makes the others part of the chain.
    await this.#writeSector(this.#moment, this.#tailIndex, first);
    this.#tail = rest.at(-1) ?? first;
    this.#tailIndex += sectors.length - 1;
    for (const exception of group) this.#known.set(exception.track, exception);
  }

  #writeSector(moment: number, index: number, exceptions: readonly Exception[]): Promise<void> {
    return this.#area.write(this.#sectorBytes(moment, index), encodeTableSector(moment, index, exceptions), {
      fua: true,
    });
  }

  #sectorBytes(moment: number, index: number): number {
    return this.#tableBytes + (index === 0 ? moment % 2 : index + 1) * SECTOR_BYTES;
  }
}

/** Bytes that the tables and the content of so many slots take. */
export function exceptionStoreBytes(slots: number, trackBytes: number): number {
  return tableSectors(slots) * SECTOR_BYTES + slots * trackBytes;
}

/** The chain with one sector behind the last full one, and the second place of the first. */
function tableSectors(slots: number): number {
  return Math.floor(slots / EXCEPTIONS_PER_SECTOR) + 2;
}
